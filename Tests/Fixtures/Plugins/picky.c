/* Refuses an item with the parameter trap_me, built with -DHEALED takes it; counts what it takes. */
#include "hostile.h"

#include <string.h>

static uint32_t picky_metric;

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  const int64_t one = 1;
  uint32_t i;
  (void)instance;
  (void)facts;
  for (i = batch->first_item; i < batch->end_item; i++) {
    tally_series series = {sizeof(series), 0, {NULL, 0}, TEXT("kind"), TEXT("taken")};
    series.metric = picky_metric;
#ifndef HEALED
    if (hostile_is_asked(batch, i)) {
      hostile_say(error, "the item is not to my taste");
      return TALLY_FAILED;
    }
#else
    (void)error;
    if (hostile_is_asked(batch, i)) {
      static const tally_str healed = TEXT("healed");
      series.value = healed;
    }
#endif
    effects->count(effects->ctx, i, &series, tally_batch_item(batch, i)->hour, &one, 1);
  }
  return TALLY_OK;
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  static const tally_str kind = TEXT("kind");
  tally_question question;
  (void)instance;
  (void)reply;
  (void)error;
  memset(&question, 0, sizeof(question));
  question.struct_size = sizeof(question);
  question.dimension = kind;
  question.metric = picky_metric;
  return request->document(request->ctx, &question);
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  static const tally_measure measures[] = {
      {TEXT("t"), TALLY_MEASURE_SUM, TALLY_GRAIN_DAY | TALLY_GRAIN_MONTH, 0, 0}};
  static const tally_dimension dimensions[] = {{TEXT("kind"), TEXT("kinds"), TALLY_DIMENSION_INLINE, 100, 1, 0}};
  static const tally_metric metric = {sizeof(metric), 1, TEXT("picky"), measures, dimensions, 1, 0, 0, 0};
  static const tally_str path = TEXT("/o"), method = TEXT("picky");
  tally_route route;
  uint32_t route_number;
  tally_status status;
  (void)instance;
  (void)error;
  memset(&route, 0, sizeof(route));
  route.struct_size = sizeof(route);
  route.path = path;
  route.method = method;
  route.answer = answer;
  status = registrar->metric(registrar->ctx, &metric, &picky_metric);
  if (status == TALLY_OK) status = hostile_enroll_hook(registrar, process);
  if (status == TALLY_OK) status = registrar->route(registrar->ctx, &route, &route_number);
  return status;
}

TALLY_EXPORT const tally_plugin *tally_plugin_picky(void);

TALLY_EXPORT const tally_plugin *tally_plugin_picky(void) {
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 0, TEXT("picky"), TEXT("1.0.0"), TEXT("Refuses some items, in tests."), {NULL, 0}, {NULL, 0},
      {NULL, 0}, {NULL, 0}, NULL, NULL, NULL, NULL, 0, 0, 0, 0};
  static const tally_plugin plugin = {sizeof(plugin), TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u, &descriptor, hostile_create,
                                      enroll, NULL, NULL, NULL, hostile_destroy, HOSTILE_NO_STATE};
  return &plugin;
}
