/* Its tally_hook has a member that no released header has. */
#include "hostile.h"

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  (void)instance;
  (void)batch;
  (void)facts;
  (void)effects;
  (void)error;
  return TALLY_OK;
}

typedef struct future_hook {
  tally_hook known;
  uint64_t unknown;
} future_hook;

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  future_hook hook = {HOSTILE_HOOK(TALLY_HOOK_PROCESS), 1};
  (void)instance;
  (void)error;
  hook.known.process = process;
  hook.known.struct_size = sizeof(hook);
  return registrar->hook(registrar->ctx, &hook.known);
}

HOSTILE_ENTRY(tally_plugin_long_hook, "long-hook")
