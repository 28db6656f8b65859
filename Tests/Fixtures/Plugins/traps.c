/* Ends the process at an item with the parameter trap_me. */
#include "fixture.h"

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  uint32_t i;
  (void)instance, (void)facts, (void)effects, (void)error;
  for (i = batch->first_item; i < batch->end_item; i++)
    if (fixture_is_asked(batch, i)) __builtin_trap();
  return TALLY_OK;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_hook(registrar, process);
}

FIXTURE(traps, "traps", plugin.enroll = enroll)
