/* Ends the process at an item with the parameter trap_me. */
#include "hostile.h"

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  uint32_t i;
  (void)instance;
  (void)facts;
  (void)effects;
  (void)error;
  for (i = batch->first_item; i < batch->end_item; i++)
    if (hostile_is_asked(batch, i)) __builtin_trap();
  return TALLY_OK;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance;
  (void)error;
  return hostile_enroll_hook(registrar, process);
}

TALLY_EXPORT const tally_plugin *tally_plugin_traps(void);

TALLY_EXPORT const tally_plugin *tally_plugin_traps(void) {
  static const tally_descriptor descriptor = HOSTILE_DESCRIPTOR("traps");
  static const tally_plugin plugin = {sizeof(plugin), TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u,   &descriptor,    hostile_create,
                                      enroll,         NULL,            NULL,            NULL, hostile_destroy, HOSTILE_NO_STATE};
  return &plugin;
}
