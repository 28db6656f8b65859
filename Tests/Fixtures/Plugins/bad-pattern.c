/* Registers a pattern with two names in one segment. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_path(registrar, "/o/x/{a}{b}", "");
}

FIXTURE(bad_pattern, "bad-pattern", plugin.enroll = enroll)
