/* Uses every hook before the counting: refuses requests with `ban`, notes who was let in, drops items with `junk`,
 * gives others a `colour`, and counts colours and notes. */
#include "hostile.h"

static uint32_t junk, colour, note;
static uint32_t metric;

static tally_status intake(void *instance, const tally_intake *request, const tally_error *error) {
  tally_str ban = TEXT("ban"), name = TEXT("gate"), value = TEXT("open"), why = TEXT("go away");
  (void)instance;
  (void)error;
  if (request->parameter(request->ctx, ban).ptr != NULL) return request->refuse(request->ctx, 403, why);
  return request->annotate(request->ctx, name, value);
}

static tally_status transform(void *instance, const tally_batch *batch, const tally_verdicts *verdicts,
                              const tally_error *error) {
  tally_str name = TEXT("colour"), blue = TEXT("\"blue\"");
  uint32_t i;
  (void)instance;
  (void)error;
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
  const int64_t one = 1;
  tally_series series = {.struct_size = sizeof(series), .metric = metric, .dimension = TEXT("word")};
  series.value = tally_text(batch, value);
  if (series.value.len > 0) effects->count(effects->ctx, item, &series, tally_batch_item(batch, item)->hour, &one, 1);
}

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  uint32_t i;
  (void)instance;
  (void)facts;
  (void)error;
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
  (void)instance;
  (void)reply;
  (void)error;
  return request->document(request->ctx, &question);
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  tally_str names[3] = {TEXT("junk"), TEXT("colour"), TEXT("edits.gate")};
  junk = host->intern(host->ctx, names[0]);
  colour = host->intern(host->ctx, names[1]);
  note = host->intern(host->ctx, names[2]);
  return hostile_create(host, out_instance, error);
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  static const tally_measure measures[] = {{TEXT("t"), TALLY_MEASURE_SUM, TALLY_GRAIN_DAY | TALLY_GRAIN_MONTH, 0, 0}};
  static const tally_dimension dimensions[] = {{TEXT("word"), TEXT("words"), TALLY_DIMENSION_INLINE, 100, 1, 0}};
  static const tally_metric wanted = {sizeof(wanted), 1, TEXT("words"), measures, dimensions, 1, 0, 0, 0};
  tally_hook before = HOSTILE_HOOK(TALLY_HOOK_INTAKE), between = HOSTILE_HOOK(TALLY_HOOK_TRANSFORM);
  tally_route route = {.struct_size = sizeof(route), .path = TEXT("/o"), .method = TEXT("edits"), .answer = answer};
  uint32_t number;
  (void)instance;
  (void)error;
  before.flags = TALLY_HOOK_NEVER_BLOCKS;
  before.intake = intake;
  between.transform = transform;
  if (registrar->metric(registrar->ctx, &wanted, &metric) != TALLY_OK) return TALLY_FAILED;
  if (registrar->hook(registrar->ctx, &before) != TALLY_OK) return TALLY_FAILED;
  if (registrar->hook(registrar->ctx, &between) != TALLY_OK) return TALLY_FAILED;
  if (registrar->route(registrar->ctx, &route, &number) != TALLY_OK) return TALLY_FAILED;
  return hostile_enroll_hook(registrar, process);
}

TALLY_EXPORT const tally_plugin *tally_plugin_edits(void);

TALLY_EXPORT const tally_plugin *tally_plugin_edits(void) {
  static const tally_descriptor descriptor = HOSTILE_DESCRIPTOR("edits");
  static const tally_plugin plugin = {.struct_size = sizeof(plugin),
                                      .abi_major = TALLY_ABI_MAJOR,
                                      .abi_minor = TALLY_ABI_MINOR,
                                      .descriptor = &descriptor,
                                      .create = create,
                                      .enroll = enroll,
                                      .destroy = hostile_destroy};
  return &plugin;
}
