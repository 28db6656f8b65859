/* Wants the route of route-owner under another name of its segment. */
#include "hostile.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_str path = TEXT("/o/shops/{shop}"), none = {NULL, 0};
  (void)instance;
  (void)error;
  return hostile_enroll_route(registrar, path, none);
}

HOSTILE_ENTRY(tally_plugin_route_rival, "route-rival")
