/* Its tally_hook has a member that no released header has. */
#include "fixture.h"

typedef struct future_hook {
  tally_hook known;
  uint64_t unknown;
} future_hook;

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  future_hook hook;
  (void)instance, (void)error;
  hook.known = fixture_hook(TALLY_HOOK_PROCESS);
  hook.known.process = fixture_idle_process;
  hook.known.struct_size = sizeof(hook);
  hook.unknown = 1;
  return registrar->hook(registrar->ctx, &hook.known);
}

FIXTURE(long_hook, "long-hook", plugin.enroll = enroll)
