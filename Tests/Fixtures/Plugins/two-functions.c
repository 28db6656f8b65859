/* Registers one hook with two functions. */
#include "hostile.h"

static tally_status intake(void *instance, const tally_intake *request, const tally_error *error) {
  (void)instance;
  (void)request;
  (void)error;
  return TALLY_OK;
}

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
  tally_hook hook = HOSTILE_HOOK(TALLY_HOOK_PROCESS);
  (void)instance;
  (void)error;
  hook.process = process;
  hook.intake = intake;
  return registrar->hook(registrar->ctx, &hook);
}

HOSTILE_ENTRY(tally_plugin_two_functions, "two-functions")
