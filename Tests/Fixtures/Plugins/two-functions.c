/* Registers one hook with two functions. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_hook hook = fixture_hook(TALLY_HOOK_PROCESS);
  (void)instance, (void)error;
  hook.process = fixture_idle_process;
  hook.intake = fixture_idle_intake;
  return registrar->hook(registrar->ctx, &hook);
}

FIXTURE(two_functions, "two-functions", plugin.enroll = enroll)
