/* Wants to be before cycle-b. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_before(registrar, "cycle-b");
}

FIXTURE(cycle_a, "cycle-a", plugin.enroll = enroll)
