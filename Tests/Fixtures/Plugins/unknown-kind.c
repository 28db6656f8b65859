/* Registers a hook of a kind that is not in the header. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_hook hook = fixture_hook(9);
  (void)instance, (void)error;
  hook.process = fixture_idle_process;
  return registrar->hook(registrar->ctx, &hook);
}

FIXTURE(unknown_kind, "unknown-kind", plugin.enroll = enroll)
