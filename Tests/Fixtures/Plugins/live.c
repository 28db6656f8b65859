/* A plugin of which tests make several kinds of code, by macros:
 *   LIVE_VERSION        a text, "1" when it is not given
 *   LIVE_REFUSES_START  start fails
 *   LIVE_HANGS_START    start does not come back
 *   LIVE_FAILS          its hook refuses every call
 *   LIVE_TWO_MEASURES   its metric has another shape
 *   LIVE_SLOW_READ      its answer takes two seconds
 * It counts the request parameter `taps` per value: /o?method=live. /o?method=live-about says who it is. */
#include "tally_plugin.h"

#include <stdlib.h>
#include <unistd.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}
#ifndef LIVE_VERSION
#define LIVE_VERSION "1"
#endif

typedef struct live {
  const tally_host *host;
  uint32_t key;
  uint32_t metric;
} live;

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  const live *self = instance;
  const int64_t ones[] = {1, 1};
  uint32_t i;
  (void)facts;
  (void)error;
#ifdef LIVE_FAILS
  return TALLY_FAILED;
#endif
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    const tally_node *value = tally_member(batch, tally_batch_node(batch, item->root), self->key);
    tally_series series = {sizeof(series), self->metric, {NULL, 0}, TEXT("button"), {NULL, 0}};
    series.value = tally_text(batch, value);
    if (series.value.len == 0) continue;
#ifdef LIVE_TWO_MEASURES
    effects->count(effects->ctx, i, &series, item->hour, ones, 2);
#else
    effects->count(effects->ctx, i, &series, item->hour, ones, 1);
#endif
  }
  return TALLY_OK;
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  const live *self = instance;
  tally_question question = {sizeof(question), self->metric, {NULL, 0}, TEXT("button"), {NULL, 0}, 0, 0};
  (void)reply;
  (void)error;
#ifdef LIVE_SLOW_READ
  sleep(2);
#endif
  return request->document(request->ctx, &question);
}

static tally_status about(void *instance, const tally_request *request, const tally_reply *reply,
                          const tally_error *error) {
  static const tally_str version = TEXT("{\"version\":\"" LIVE_VERSION "\",\"label\":");
  static const tally_str name = TEXT("label"), end = TEXT("}");
  const live *self = instance;
  tally_setting_value label = {0};
  (void)request;
  (void)error;
  self->host->setting(self->host->ctx, name, &label);
  reply->write(reply->ctx, version);
  reply->string(reply->ctx, label.text);
  reply->write(reply->ctx, end);
  return TALLY_OK;
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  static const tally_str no_memory = TEXT("no memory for the instance");
  live *self = calloc(1, sizeof(*self));
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
      {TEXT("t"), TALLY_MEASURE_SUM, TALLY_GRAIN_DAY | TALLY_GRAIN_MONTH, 0, 0},
      {TEXT("again"), TALLY_MEASURE_SUM, TALLY_GRAIN_DAY | TALLY_GRAIN_MONTH, 0, 0}};
#ifdef LIVE_TWO_MEASURES
  static const uint32_t n_measures = 2;
#else
  static const uint32_t n_measures = 1;
#endif
  static const tally_dimension dimensions[] = {
      {TEXT("button"), TEXT("buttons"), TALLY_DIMENSION_INLINE, 100, 3, 0}};
  tally_metric metric = {sizeof(metric), n_measures, TEXT("taps"), measures, dimensions, 1, 0, 0, 0};
  live *self = instance;
  tally_hook hook = {sizeof(hook), TALLY_PHASE_NORMAL, NULL, NULL, NULL, 0, 0, 1, 0, process};
  tally_read read = {sizeof(read), 0, TEXT("live"), {NULL, 0}, {NULL, 0}, answer};
  tally_read read_about = {sizeof(read_about), 0, TEXT("live-about"), {NULL, 0}, {NULL, 0}, about};
  tally_status status;
  (void)error;

  self->key = self->host->intern(self->host->ctx, name);
  hook.keys = &self->key;
  status = registrar->metric(registrar->ctx, &metric, &self->metric);
  if (status == TALLY_OK) status = registrar->hook(registrar->ctx, &hook);
  if (status == TALLY_OK) status = registrar->read(registrar->ctx, &read);
  if (status == TALLY_OK) status = registrar->read(registrar->ctx, &read_about);
  return status;
}

static tally_status start(void *instance, const tally_error *error) {
#ifdef LIVE_REFUSES_START
  static const tally_str reason = TEXT("version " LIVE_VERSION " does not start");
  error->set(error->ctx, reason);
  return TALLY_FAILED;
#endif
#ifdef LIVE_HANGS_START
  for (;;) sleep(60);
#endif
  (void)instance;
  (void)error;
  return TALLY_OK;
}

static void destroy(void *instance) { free(instance); }

TALLY_EXPORT const tally_plugin *tally_plugin_live(void);

TALLY_EXPORT const tally_plugin *tally_plugin_live(void) {
  static const tally_setting settings[] = {
      {sizeof(tally_setting), TALLY_SETTING_STRING, TEXT("label"), TEXT("A text to be told."), TEXT("none"), 0, 0}};
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 1, TEXT("live"), TEXT("1.0.0"), TEXT("Is switched and replaced, in tests."), settings};
  static const tally_plugin plugin = {sizeof(plugin), TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0,    &descriptor, create,
                                      enroll,         start,           NULL,            NULL, destroy};
  return &plugin;
}
