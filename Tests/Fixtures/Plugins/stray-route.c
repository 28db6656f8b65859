/* Registers a path outside of /o/ and /i/. */
#include "hostile.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_str path = TEXT("/admin"), none = {NULL, 0};
  (void)instance;
  (void)error;
  return hostile_enroll_route(registrar, path, none);
}

HOSTILE_ENTRY(tally_plugin_stray_route, "stray-route")
