/* Wants the route of route-owner under another name of its segment. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_path(registrar, "/o/shops/{shop}", "");
}

FIXTURE(route_rival, "route-rival", plugin.enroll = enroll)
