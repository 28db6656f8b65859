/* Wants to be before cycle-a: with cycle-b in between that is a circle. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_before(registrar, "cycle-a");
}

FIXTURE(cycle_c, "cycle-c", plugin.enroll = enroll)
