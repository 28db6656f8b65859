/* A plugin of which tests make several kinds of code, by macros:
 *   LIVE_VERSION        a text, "1" when it is not given
 *   LIVE_REFUSES_START  start fails
 *   LIVE_HANGS_START    start does not come back
 *   LIVE_HANGS_LOAD     its constructor does not come back
 *   LIVE_APPLIES        takes other settings over while it runs, but for the label "unwilling"
 *   LIVE_SLOW           its answer takes 50 ms
 *   LIVE_FAILS          its hook refuses every call
 *   LIVE_TWO_MEASURES   its metric has another shape
 *   LIVE_GATE           its answer waits until there is a file of this name
 * It counts the request parameter `taps` per value: /o?method=live. /o?method=live-about says who it is. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef LIVE_VERSION
#define LIVE_VERSION "1"
#endif
#ifdef LIVE_TWO_MEASURES
enum { MEASURES = 2 };
#else
enum { MEASURES = 1 };
#endif

typedef struct live {
  const tally_host *host;
  uint32_t key;
  uint32_t metric;
  char number[64]; /* of the instance and the settings it took over, as JSON */
  int instance, applied;
  char before[32]; /* the version whose state was taken over */
} live;

static int instances; /* starts do not overlap in these tests */

#ifdef LIVE_HANGS_LOAD
__attribute__((constructor)) static void hang(void) {
  for (;;) sleep(60);
}
#endif

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  const live *self = instance;
  const int64_t ones[] = {1, 1};
  uint32_t i;
  (void)facts, (void)error;
#ifdef LIVE_FAILS
  return TALLY_FAILED;
#endif
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    const tally_node *value = tally_member(batch, tally_batch_node(batch, item->root), self->key);
    tally_series series = {sizeof(series), self->metric, {NULL, 0}, TEXT("button"), {NULL, 0}};
    series.value = tally_text(batch, value);
    if (series.value.len == 0) continue;
    effects->count(effects->ctx, i, &series, item->hour, ones, MEASURES);
  }
  return TALLY_OK;
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  const live *self = instance;
  tally_question question = {sizeof(question), self->metric, {NULL, 0}, TEXT("button"), {NULL, 0}, {NULL, 0}, 0, 0};
  (void)reply;
  (void)error;
#ifdef LIVE_SLOW
  usleep(50000);
#endif
#ifdef LIVE_GATE
  {
    static const tally_str waits = TEXT("an answer waits");
    self->host->log(self->host->ctx, TALLY_LOG_INFO, waits);
    while (access(LIVE_GATE, F_OK) != 0) usleep(1000);
  }
#endif
  return request->document(request->ctx, &question);
}

static tally_status about(void *instance, const tally_request *request, const tally_reply *reply,
                          const tally_error *error) {
  const live *self = instance;
  tally_setting_value label = {0};
  (void)request, (void)error;
  self->host->setting(self->host->ctx, fixture_text("label"), &label);
  reply->write(reply->ctx, fixture_text("{\"version\":\"" LIVE_VERSION "\",\"label\":"));
  reply->string(reply->ctx, label.text);
  reply->write(reply->ctx, fixture_text(",\"before\":"));
  reply->string(reply->ctx, fixture_text(self->before));
  reply->write(reply->ctx, fixture_text(self->number));
  return TALLY_OK;
}

static void say_number(live *self) {
  snprintf(self->number, sizeof(self->number), ",\"instance\":%d,\"applied\":%d}", self->instance, self->applied);
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  live *self = calloc(1, sizeof(*self));
  if (self == NULL) {
    fixture_say(error, "no memory for the instance");
    return TALLY_FAILED;
  }
  self->host = host;
  self->instance = ++instances;
  say_number(self);
  *out_instance = self;
  return TALLY_OK;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  static const tally_measure measures[] = {
      {TEXT("t"), TALLY_MEASURE_SUM, TALLY_GRAIN_DAY | TALLY_GRAIN_MONTH, 0, 0},
      {TEXT("again"), TALLY_MEASURE_SUM, TALLY_GRAIN_DAY | TALLY_GRAIN_MONTH, 0, 0}};
  static const tally_dimension dimensions[] = {
      {TEXT("button"), TEXT("buttons"), TALLY_DIMENSION_INLINE, 100, 3, 0}};
  static const tally_metric metric = {sizeof(metric), MEASURES, TEXT("taps"), measures, dimensions, 1, 0, 0, 0,
                                      {NULL, 0}, {NULL, 0}, {NULL, 0}};
  live *self = instance;
  tally_hook hook = fixture_hook(TALLY_HOOK_PROCESS);
  tally_status status;
  (void)error;

  self->key = self->host->intern(self->host->ctx, fixture_text("taps"));
  hook.keys = &self->key;
  hook.n_keys = 1;
  hook.process = process;
  status = registrar->metric(registrar->ctx, &metric, &self->metric);
  if (status == TALLY_OK) status = registrar->hook(registrar->ctx, &hook);
  if (status == TALLY_OK) status = fixture_enroll_method(registrar, "live", answer);
  if (status == TALLY_OK) status = fixture_enroll_method(registrar, "live-about", about);
  return status;
}

static tally_status start(void *instance, const tally_error *error) {
#ifdef LIVE_REFUSES_START
  fixture_say(error, "version " LIVE_VERSION " does not start");
  return TALLY_FAILED;
#endif
#ifdef LIVE_HANGS_START
  for (;;) sleep(60);
#endif
  (void)instance, (void)error;
  return TALLY_OK;
}

static tally_status state_export(void *instance, void *put_ctx, void (*put)(void *put_ctx, tally_bytes state),
                                 const tally_error *error) {
  static const tally_bytes version = {LIVE_VERSION, sizeof(LIVE_VERSION) - 1};
  (void)instance, (void)error;
  put(put_ctx, version);
  return TALLY_OK;
}

static tally_status state_import(void *instance, tally_bytes state, const tally_error *error) {
  live *self = instance;
  (void)error;
  if (state.len >= sizeof(self->before)) return TALLY_LIMIT;
  memcpy(self->before, state.ptr, state.len);
  return TALLY_OK;
}

static tally_status settings_check(void *instance, const tally_settings *settings, const tally_error *error) {
  tally_setting_value label = {0};
  (void)instance;
  settings->get(settings->ctx, 0, fixture_text("label"), &label);
  if (label.text.len != 9 || memcmp(label.text.ptr, "forbidden", 9) != 0) return TALLY_OK;
  fixture_say(error, "the label must not be forbidden");
  return TALLY_INVALID;
}

#ifdef LIVE_APPLIES
static tally_status settings_apply(void *instance, const tally_settings *settings, const tally_error *error) {
  static const tally_str name = TEXT("label"), reason = TEXT("I am unwilling");
  tally_setting_value label = {0};
  live *self = instance;
  settings->get(settings->ctx, 0, name, &label);
  if (label.text.len == 9 && memcmp(label.text.ptr, "unwilling", 9) == 0) {
    error->set(error->ctx, reason);
    return TALLY_FAILED;
  }
  self->applied++;
  say_number(self);
  return TALLY_OK;
}
#define APPLY settings_apply
#else
#define APPLY NULL
#endif

static void destroy(void *instance) { free(instance); }

static const tally_setting settings[] = {
    {sizeof(tally_setting), TALLY_SETTING_STRING, TEXT("label"), TEXT("A text to be told."), TEXT("none"), 0, 0,
     {NULL, 0}, NULL, 0, 0},
    {sizeof(tally_setting), TALLY_SETTING_INT, TEXT("size"), TEXT("A number that needs a new instance."), TEXT("1"), 0,
     0, {NULL, 0}, NULL, 0, TALLY_SETTING_RESTART}};

FIXTURE(live, "live",
        descriptor.summary = fixture_text("Is switched and replaced, in tests.");
        descriptor.settings = settings; descriptor.n_settings = 2; plugin.create = create; plugin.enroll = enroll;
        plugin.start = start; plugin.destroy = destroy; plugin.settings_check = settings_check;
        plugin.settings_apply = APPLY; plugin.state_export = state_export; plugin.state_import = state_import)
