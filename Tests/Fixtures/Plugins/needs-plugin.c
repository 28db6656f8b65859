/* Makes no sense without another plugin. */
#include "fixture.h"

static const tally_depend depends[] = {{TEXT("geo"), TEXT("2.1"), 0, 0}};

FIXTURE(needs_plugin, "needs-plugin", descriptor.depends = depends; descriptor.n_depends = 1)
