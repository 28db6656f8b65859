/* Refuses an item with the parameter trap_me, built with -DHEALED takes it; counts what it takes. */
#include "fixture.h"

static uint32_t metric;

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  uint32_t i;
  (void)instance, (void)facts, (void)error;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const char *value = "taken";
    if (fixture_is_asked(batch, i)) {
#ifdef HEALED
      value = "healed";
#else
      fixture_say(error, "the item is not to my taste");
      return TALLY_FAILED;
#endif
    }
    fixture_count(batch, effects, i, metric, "kind", fixture_text(value));
  }
  return TALLY_OK;
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  (void)instance, (void)reply, (void)error;
  return fixture_document(request, metric, "kind");
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_status status = fixture_enroll_metric(registrar, "picky", "kind", "kinds", &metric);
  (void)instance, (void)error;
  if (status == TALLY_OK) status = fixture_enroll_hook(registrar, process);
  if (status == TALLY_OK) status = fixture_enroll_method(registrar, "picky", answer);
  return status;
}

FIXTURE(picky, "picky", plugin.enroll = enroll)
