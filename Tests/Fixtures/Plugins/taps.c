/* A plugin from the header alone: counts the request parameter `taps` per value and answers /o?method=taps. */
#include "tally_plugin.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

typedef struct taps {
  const tally_host *host;
  uint32_t key;    /* interned "taps" */
  uint32_t metric;
} taps;

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  const taps *self = instance;
  const int64_t one = 1;
  uint32_t i;
  (void)facts;
  (void)error;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    const tally_node *value = tally_member(batch, tally_batch_node(batch, item->root), self->key);
    tally_series series = {sizeof(series), self->metric, {NULL, 0}, TEXT("button"), {NULL, 0}};
    series.value = tally_text(batch, value);
    if (series.value.len == 0) continue;
    effects->count(effects->ctx, i, &series, item->hour, &one, 1);
  }
  return TALLY_OK;
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  const taps *self = instance;
  tally_question question = {sizeof(question), self->metric, {NULL, 0}, TEXT("button"), {NULL, 0}, {NULL, 0}, 0, 0};
  (void)reply;
  (void)error;
  return request->document(request->ctx, &question);
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  static const tally_str no_memory = TEXT("no memory for the instance");
  taps *self = calloc(1, sizeof(*self));
  if (self == NULL) {
    error->set(error->ctx, no_memory);
    return TALLY_FAILED;
  }
  self->host = host;
  *out_instance = self;
  return TALLY_OK;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  static const tally_str name = TEXT("taps");
  static const tally_measure measures[] = {
      {TEXT("t"), TALLY_MEASURE_SUM, TALLY_GRAIN_DAY | TALLY_GRAIN_MONTH, 0, 0}};
  static const tally_dimension dimensions[] = {
      {TEXT("button"), TEXT("buttons"), TALLY_DIMENSION_INLINE, 100, 1, 0}};
  static const tally_metric metric = {sizeof(metric), 1, TEXT("taps"), measures, dimensions, 1, 0, 0, 0,
                                      {NULL, 0}, {NULL, 0}, {NULL, 0}};
  taps *self = instance;
  static const tally_str path = TEXT("/o"), method = TEXT("taps");
  tally_hook hook;
  tally_route route;
  uint32_t route_number;
  tally_status status;
  (void)error;

  self->key = self->host->intern(self->host->ctx, name);
  memset(&hook, 0, sizeof(hook));
  hook.struct_size = sizeof(hook);
  hook.kind = TALLY_HOOK_PROCESS;
  hook.keys = &self->key;
  hook.n_keys = 1;
  hook.process = process;
  memset(&route, 0, sizeof(route));
  route.struct_size = sizeof(route);
  route.path = path;
  route.method = method;
  route.answer = answer;
  status = registrar->metric(registrar->ctx, &metric, &self->metric);
  if (status == TALLY_OK) status = registrar->hook(registrar->ctx, &hook);
  if (status == TALLY_OK) status = registrar->route(registrar->ctx, &route, &route_number);
  return status;
}

static void destroy(void *instance) { free(instance); }

TALLY_EXPORT const tally_plugin *tally_plugin_taps(void);

TALLY_EXPORT const tally_plugin *tally_plugin_taps(void) {
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 0, TEXT("taps"), TEXT("1.0.0"), TEXT("Counts taps per button."), {NULL, 0}, {NULL, 0},
      {NULL, 0}, {NULL, 0}, NULL, NULL, NULL, NULL, 0, 0, 0, 0};
  static const tally_plugin plugin = {sizeof(plugin), TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0,    &descriptor, create,
                                      enroll,         NULL,            NULL,            NULL, destroy, NULL, NULL, NULL, NULL, NULL};
  return &plugin;
}
