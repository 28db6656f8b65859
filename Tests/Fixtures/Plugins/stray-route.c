/* Registers a path outside of /o/ and /i/. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_path(registrar, "/admin", "");
}

FIXTURE(stray_route, "stray-route", plugin.enroll = enroll)
