/* Registers a path that is not UTF-8. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_path(registrar, "/o/\xff", "");
}

FIXTURE(bad_utf8, "bad-utf8", plugin.enroll = enroll)
