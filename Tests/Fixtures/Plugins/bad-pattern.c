/* Registers a pattern with two names in one segment. */
#include "hostile.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_str path = TEXT("/o/x/{a}{b}"), none = {NULL, 0};
  (void)instance;
  (void)error;
  return hostile_enroll_route(registrar, path, none);
}

HOSTILE_ENTRY(tally_plugin_bad_pattern, "bad-pattern")
