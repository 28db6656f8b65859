/* Its intake hook does not declare that it never blocks. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_hook hook = fixture_hook(TALLY_HOOK_INTAKE);
  (void)instance, (void)error;
  hook.intake = fixture_idle_intake;
  return registrar->hook(registrar->ctx, &hook);
}

FIXTURE(may_block, "may-block", plugin.enroll = enroll)
