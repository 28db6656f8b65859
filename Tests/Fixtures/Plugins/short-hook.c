/* Its tally_hook ends before its functions. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_hook hook = fixture_hook(TALLY_HOOK_PROCESS);
  (void)instance, (void)error;
  hook.process = fixture_idle_process;
  hook.struct_size = 64;
  return registrar->hook(registrar->ctx, &hook);
}

FIXTURE(short_hook, "short-hook", plugin.enroll = enroll)
