/* Registers a hook of a kind that is not in the header. */
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

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_hook hook = HOSTILE_HOOK(9);
  (void)instance;
  (void)error;
  hook.process = process;
  return registrar->hook(registrar->ctx, &hook);
}

HOSTILE_ENTRY(tally_plugin_unknown_kind, "unknown-kind")
