/* Uses every hook before the counting: refuses requests with `ban`, notes who was let in, drops items with `junk`,
 * gives others a `colour`, and counts colours and notes. */
#include "fixture.h"

static uint32_t junk, colour, note;
static uint32_t metric;

static tally_status intake(void *instance, const tally_intake *request, const tally_error *error) {
  (void)instance, (void)error;
  if (request->parameter(request->ctx, fixture_text("ban")).ptr != NULL)
    return request->refuse(request->ctx, 403, fixture_text("go away"));
  return request->annotate(request->ctx, fixture_text("gate"), fixture_text("open"));
}

static tally_status transform(void *instance, const tally_batch *batch, const tally_verdicts *verdicts,
                              const tally_error *error) {
  tally_str name = TEXT("colour"), blue = TEXT("\"blue\"");
  uint32_t i;
  (void)instance, (void)error;
  for (i = batch->first_item; i < batch->end_item; i++) {
    uint32_t root = tally_batch_item(batch, i)->root;
    if (tally_member(batch, tally_batch_node(batch, root), junk) != NULL)
      verdicts->drop(verdicts->ctx, i);
    else
      verdicts->set(verdicts->ctx, i, root, name, blue);
  }
  return TALLY_OK;
}

static void add(const tally_batch *batch, const tally_effects *effects, uint32_t item, const tally_node *value) {
  tally_str word = tally_text(batch, value);
  if (word.len > 0) fixture_count(batch, effects, item, metric, "word", word);
}

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  uint32_t i;
  (void)instance, (void)facts, (void)error;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    add(batch, effects, i, tally_member(batch, tally_batch_node(batch, item->root), colour));
    add(batch, effects, i, tally_member(batch, tally_batch_node(batch, item->notes), note));
  }
  return TALLY_OK;
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  tally_question question = {.struct_size = sizeof(question), .metric = metric, .flags = TALLY_QUESTION_NO_META};
  (void)instance, (void)reply, (void)error;
  return request->document(request->ctx, &question);
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  junk = host->intern(host->ctx, fixture_text("junk"));
  colour = host->intern(host->ctx, fixture_text("colour"));
  note = host->intern(host->ctx, fixture_text("edits.gate"));
  return fixture_create(host, out_instance, error);
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_hook before = fixture_hook(TALLY_HOOK_INTAKE), between = fixture_hook(TALLY_HOOK_TRANSFORM);
  tally_status status = fixture_enroll_metric(registrar, "words", "word", "words", &metric);
  (void)instance, (void)error;
  before.flags = TALLY_HOOK_NEVER_BLOCKS;
  before.intake = intake;
  between.transform = transform;
  if (status == TALLY_OK) status = registrar->hook(registrar->ctx, &before);
  if (status == TALLY_OK) status = registrar->hook(registrar->ctx, &between);
  if (status == TALLY_OK) status = fixture_enroll_method(registrar, "edits", answer);
  if (status == TALLY_OK) status = fixture_enroll_hook(registrar, process);
  return status;
}

FIXTURE(edits, "edits", plugin.create = create; plugin.enroll = enroll)
