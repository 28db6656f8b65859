/* Its intake hook does not declare that it never blocks. */
#include "hostile.h"

static tally_status intake(void *instance, const tally_intake *request, const tally_error *error) {
  (void)instance;
  (void)request;
  (void)error;
  return TALLY_OK;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_hook hook = HOSTILE_HOOK(TALLY_HOOK_INTAKE);
  (void)instance;
  (void)error;
  hook.intake = intake;
  return registrar->hook(registrar->ctx, &hook);
}

HOSTILE_ENTRY(tally_plugin_may_block, "may-block")
