/* Makes no sense without a service that no host has. */
#include "fixture.h"

static const tally_need needs[] = {{TEXT("tally.weather"), 3, 0}};

FIXTURE(needs_service, "needs-service", descriptor.needs = needs; descriptor.n_needs = 1)
