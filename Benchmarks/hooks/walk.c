/* The least that a counting hook does: reads three numbers of each event and asks for one effect a call. */
#include "tally_plugin.h"

#define TEXT(literal) {literal, sizeof(literal) - 1}

static uint32_t metric;
static char instance_of;

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  tally_series series = {sizeof(series), metric, {NULL, 0}, {NULL, 0}, {NULL, 0}};
  int64_t sum = 0;
  uint32_t i, e;
  (void)instance;
  (void)facts;
  (void)error;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    for (e = item->first_event; e < item->first_event + item->n_events; e++) {
      const tally_event *event = tally_batch_event(batch, e);
      sum += event->count + event->dur + event->key_len;
    }
  }
  if (batch->end_item > batch->first_item)
    effects->count(effects->ctx, batch->first_item, &series, tally_batch_item(batch, batch->first_item)->hour, &sum, 1);
  return TALLY_OK;
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  (void)host;
  (void)error;
  *out_instance = &instance_of;
  return TALLY_OK;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  static const tally_measure measures[] = {{TEXT("t"), TALLY_MEASURE_SUM, TALLY_GRAIN_HOUR | TALLY_GRAIN_DAY | TALLY_GRAIN_MONTH, 0, 0}};
  static const tally_metric described = {sizeof(described), 1, TEXT("walk"), measures, NULL, 0, 0, 0, 0,
                                         {NULL, 0}, {NULL, 0}, {NULL, 0}};
  tally_hook hook = {sizeof(hook), TALLY_HOOK_PROCESS, TALLY_PHASE_NORMAL, 0, {NULL, 0}, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, process, NULL, NULL};
  tally_status status = registrar->metric(registrar->ctx, &described, &metric);
  (void)instance;
  (void)error;
  return status == TALLY_OK ? registrar->hook(registrar->ctx, &hook) : status;
}

static void destroy(void *instance) { (void)instance; }

TALLY_EXPORT const tally_plugin *tally_plugin_walk(void);

TALLY_EXPORT const tally_plugin *tally_plugin_walk(void) {
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 0, TEXT("walk"), TEXT("1.0.0"), TEXT("Walks events, in benchmarks."), {NULL, 0}, {NULL, 0},
      {NULL, 0}, {NULL, 0}, NULL, NULL, NULL, NULL, 0, 0, 0, 0};
  static const tally_plugin plugin = {sizeof(plugin), TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u,   &descriptor, create,
                                      enroll,         NULL,            NULL,            NULL, destroy, NULL, NULL, NULL, NULL};
  return &plugin;
}
