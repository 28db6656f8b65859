/* Answers half a JSON text. */
#include "fixture.h"

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  (void)instance, (void)request, (void)error;
  reply->write(reply->ctx, fixture_text("{\"half\":"));
  return TALLY_OK;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_method(registrar, "mumbles", answer);
}

FIXTURE(mumbles, "mumbles", plugin.enroll = enroll)
