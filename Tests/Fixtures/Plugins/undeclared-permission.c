/* Demands a permission that nobody could be given. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_path(registrar, "/o/x", "secret-right");
}

FIXTURE(undeclared_permission, "undeclared-permission", plugin.enroll = enroll)
