/* Registers a path that the server itself answers. */
#include "hostile.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_str path = TEXT("/o/ping"), none = {NULL, 0};
  (void)instance;
  (void)error;
  return hostile_enroll_route(registrar, path, none);
}

HOSTILE_ENTRY(tally_plugin_host_path, "host-path")
