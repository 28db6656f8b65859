/* Wants to be before cycle-c. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_before(registrar, "cycle-c");
}

FIXTURE(cycle_b, "cycle-b", plugin.enroll = enroll)
