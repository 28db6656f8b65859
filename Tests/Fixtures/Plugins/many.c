/* One of many plugins alike, each with a hook, a metric and a question as plugins have them. By macros:
 *   MANY_SYMBOL  its name in C, many_1
 *   MANY_NAME    its name, "many-1", and what /o?method=… answers to */
#include "fixture.h"

#define NAMED(symbol, text, ...) FIXTURE(symbol, text, __VA_ARGS__)

static uint32_t metric;

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  uint32_t i;
  (void)instance, (void)facts, (void)error;
  for (i = batch->first_item; i < batch->end_item; i++)
    if (fixture_is_asked(batch, i)) fixture_count(batch, effects, i, metric, "kind", fixture_text("asked"));
  return TALLY_OK;
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  (void)instance, (void)reply, (void)error;
  return fixture_document(request, metric, "kind");
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_status status = fixture_enroll_metric(registrar, "asked", "kind", "kinds", &metric);
  (void)instance, (void)error;
  if (status == TALLY_OK) status = fixture_enroll_method(registrar, MANY_NAME, answer);
  if (status == TALLY_OK) status = fixture_enroll_hook(registrar, process);
  return status;
}

NAMED(MANY_SYMBOL, MANY_NAME, plugin.enroll = enroll)
