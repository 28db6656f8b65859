/* Registers a path that the server itself answers. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_path(registrar, "/o/ping", "");
}

FIXTURE(host_path, "host-path", plugin.enroll = enroll)
