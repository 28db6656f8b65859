/* Owns a route; route-rival wants the same. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_path(registrar, "/o/shops/{id}", "");
}

FIXTURE(route_owner, "route-owner", plugin.enroll = enroll)
