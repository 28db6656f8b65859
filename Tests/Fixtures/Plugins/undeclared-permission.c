/* Demands a permission that nobody could be given. */
#include "hostile.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_str path = TEXT("/o/x"), permission = TEXT("secret-right");
  (void)instance;
  (void)error;
  return hostile_enroll_route(registrar, path, permission);
}

HOSTILE_ENTRY(tally_plugin_undeclared_permission, "undeclared-permission")
