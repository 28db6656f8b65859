/* A plugin with a hook of every kind, written from the header alone: it does to a request what the request's own
 * parameters ask for, and counts what is left. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tally_plugin.h"

#define TEXT(literal) {literal, sizeof(literal) - 1}

typedef struct five {
  const tally_host *host;
  uint32_t taps, wish, mood; /* interned */
  uint32_t metric;
  uint32_t by_method, by_path, by_body; /* routes */
  FILE *commits;
  const char *gate; /* a tap "wait" and a wish "hang" wait for a file of this name */
} five;

static tally_str str(const char *text) {
  tally_str view;
  view.ptr = text;
  view.len = strlen(text);
  return view;
}

static int is(tally_str text, const char *other) {
  return text.len == strlen(other) && memcmp(text.ptr, other, text.len) == 0;
}

static tally_status intake(void *instance, const tally_intake *request, const tally_error *error) {
  tally_str refuse = request->parameter(request->ctx, str("refuse"));
  tally_str note = request->parameter(request->ctx, str("note"));
  tally_str fail = request->parameter(request->ctx, str("intake_fail"));
  (void)instance;
  if (request->parameter(request->ctx, str("intake_crash")).ptr != NULL) abort();
  if (fail.ptr != NULL) {
    request->annotate(request->ctx, str("mood"), str("lost"));
    error->set(error->ctx, str("asked to fail"));
    return TALLY_FAILED;
  }
  if (note.ptr != NULL) request->annotate(request->ctx, str("mood"), note);
  if (refuse.ptr != NULL)
    return request->refuse(request->ctx, (uint32_t)atoi(refuse.ptr), str("\"no\" <thanks>"));
  return TALLY_OK;
}

static tally_status transform(void *instance, const tally_batch *batch, const tally_verdicts *verdicts,
                              const tally_error *error) {
  const five *self = instance;
  uint32_t i;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    const tally_node *root = tally_batch_node(batch, item->root);
    tally_str wish = tally_text(batch, tally_member(batch, root, self->wish));
    if (is(wish, "hang") && self->gate != NULL && access(self->gate, F_OK) != 0) {
      self->host->log(self->host->ctx, TALLY_LOG_INFO, str("a transform hangs"));
      while (access(self->gate, F_OK) != 0) usleep(1000);
    }
    if (is(wish, "drop")) verdicts->drop(verdicts->ctx, i);
    if (is(wish, "drop-event")) verdicts->drop_event(verdicts->ctx, item->first_event);
    if (is(wish, "set")) verdicts->set(verdicts->ctx, i, item->root, str("taps"), str("\"edited \\\"q\\\"\""));
    if (is(wish, "remove")) verdicts->remove(verdicts->ctx, i, item->root, str("taps"));
    if (is(wish, "add")) verdicts->add_event(verdicts->ctx, i, str("{\"key\":\"added\",\"count\":3}"));
    if (is(wish, "count"))
      verdicts->set(verdicts->ctx, i, tally_batch_event(batch, item->first_event)->node, str("count"), str("50"));
    if (is(wish, "bad-json")) verdicts->set(verdicts->ctx, i, item->root, str("taps"), str("1,\"x\":2"));
    if (is(wish, "bad-node")) verdicts->set(verdicts->ctx, i, 0, str("taps"), str("1"));
    if (is(wish, "fail")) {
      error->set(error->ctx, str("asked to fail"));
      return TALLY_FAILED;
    }
  }
  return TALLY_OK;
}

static void count(const five *self, const tally_effects *effects, uint32_t item, int32_t hour, const char *dimension,
                  tally_str value, int64_t n) {
  tally_series series;
  memset(&series, 0, sizeof(series));
  series.struct_size = sizeof(series);
  series.metric = self->metric;
  series.dimension = str(dimension);
  series.value = value;
  if (value.len > 0) effects->count(effects->ctx, item, &series, hour, &n, 1);
}

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  const five *self = instance;
  uint32_t i, e;
  (void)facts;
  (void)error;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    const tally_node *root = tally_batch_node(batch, item->root);
    const tally_node *notes = tally_batch_node(batch, item->notes);
    count(self, effects, i, item->hour, "tap", tally_text(batch, tally_member(batch, root, self->taps)), 1);
    count(self, effects, i, item->hour, "mood", tally_text(batch, tally_member(batch, notes, self->mood)), 1);
    for (e = item->first_event; e < item->first_event + item->n_events; e++) {
      const tally_event *event = tally_batch_event(batch, e);
      tally_str key = tally_batch_text(batch, event->key_off, event->key_len);
      count(self, effects, i, event->hour, "event", key, event->count);
      if (event->flags & TALLY_EVENT_CLAMPED) count(self, effects, i, event->hour, "clamped", key, 1);
    }
  }
  return TALLY_OK;
}

static tally_status committed(void *instance, const tally_commit *commit, const tally_error *error) {
  five *self = instance;
  const tally_batch *batch = commit->batch;
  uint32_t i;
  (void)error;
  if (self->commits == NULL) return TALLY_OK;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    const tally_node *root = tally_batch_node(batch, item->root);
    tally_str tap = tally_text(batch, tally_member(batch, root, self->taps));
    if (tap.len == 0) continue;
    if (is(tap, "wait") && self->gate != NULL && access(self->gate, F_OK) != 0) {
      self->host->log(self->host->ctx, TALLY_LOG_INFO, str("a commit waits"));
      while (access(self->gate, F_OK) != 0) usleep(1000);
    }
    fprintf(self->commits, "%llu.%u%s%s %.*s%s\n", (unsigned long long)item->position, item->index,
            (item->flags & TALLY_ITEM_NEW_USER) != 0 ? "+new" : "", (item->flags & TALLY_ITEM_BULK) != 0 ? "+bulk" : "",
            (int)tap.len, tap.ptr, (commit->flags & TALLY_COMMIT_AGAIN) != 0 ? " again" : "");
  }
  fflush(self->commits);
  return TALLY_OK;
}

static tally_status lifecycle(void *instance, const tally_lifecycle *event, const tally_error *error) {
  const five *self = instance;
  char line[100];
  (void)error;
  snprintf(line, sizeof(line), "lifecycle %u of app %u %.*s", event->kind, event->app, (int)event->app_id.len,
           event->app_id.ptr == NULL ? "" : event->app_id.ptr);
  self->host->log(self->host->ctx, TALLY_LOG_INFO, str(line));
  return TALLY_OK;
}

static int32_t visit(void *ctx, const tally_total *total) {
  const tally_reply *reply = ctx;
  char number[32];
  reply->string(reply->ctx, total->name);
  snprintf(number, sizeof(number), ":%lld,", (long long)total->measures[0]);
  reply->write(reply->ctx, str(number));
  return 1;
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  const five *self = instance;
  (void)error;
  if (request->route == self->by_method) {
    tally_question question;
    tally_status status;
    memset(&question, 0, sizeof(question));
    question.struct_size = sizeof(question);
    question.metric = self->metric;
    question.dimension = request->parameter(request->ctx, str("by"));
    question.value = request->parameter(request->ctx, str("value"));
    reply->write(reply->ctx, str("{"));
    status = request->totals(request->ctx, &question, (void *)reply, visit);
    reply->write(reply->ctx, str("\"\":0}"));
    return status;
  }
  if (request->parameter(request->ctx, str("wait")).ptr != NULL) {
    struct timespec pause = {0, 1000000};
    int i;
    for (i = 0; i < 10000 && request->is_cancelled(request->ctx) == 0; i++) nanosleep(&pause, NULL);
    self->host->log(self->host->ctx, TALLY_LOG_INFO, i < 10000 ? str("the wait was cancelled") : str("nobody cancelled"));
  }
  reply->header(reply->ctx, str("x-five"), request->route == self->by_path ? str("path") : str("body"));
  reply->header(reply->ctx, str("content-length"), str("9999"));
  reply->write(reply->ctx, str("["));
  reply->string(reply->ctx, request->parameter(request->ctx, str("word")));
  reply->write(reply->ctx, str(","));
  reply->string(reply->ctx, request->method);
  reply->write(reply->ctx, str(","));
  {
    tally_str body;
    body.ptr = request->body.ptr;
    body.len = request->body.len;
    reply->string(reply->ctx, body);
  }
  reply->write(reply->ctx, str("]"));
  return TALLY_OK;
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  five *self = calloc(1, sizeof(*self));
  const char *path = getenv("FIVE_KINDS_COMMITS");
  (void)error;
  if (self == NULL) return TALLY_FAILED;
  self->host = host;
  self->gate = getenv("FIVE_KINDS_GATE");
  if (path != NULL) self->commits = fopen(path, "a");
  *out_instance = self;
  return TALLY_OK;
}

static tally_status add_hook(const tally_registrar *registrar, uint32_t kind, tally_hook *hook) {
  hook->struct_size = sizeof(*hook);
  hook->kind = kind;
  return registrar->hook(registrar->ctx, hook);
}

static tally_status add_route(const tally_registrar *registrar, uint32_t methods, const char *path, const char *method,
                              uint32_t *out_route) {
  tally_route route;
  memset(&route, 0, sizeof(route));
  route.struct_size = sizeof(route);
  route.methods = methods;
  route.path = str(path);
  route.method = str(method);
  route.body_bytes_max = 1000;
  route.deadline_ms = strncmp(path, "/o/patient/", 11) == 0 ? 60000 : 1000;
  route.answer = answer;
  return registrar->route(registrar->ctx, &route, out_route);
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  static const tally_measure measures[] = {{TEXT("n"), TALLY_MEASURE_SUM, TALLY_GRAIN_DAY | TALLY_GRAIN_MONTH, 0, 0}};
  static const tally_dimension dimensions[] = {{TEXT("tap"), TEXT("taps"), TALLY_DIMENSION_INLINE, 100, 1, 0},
                                               {TEXT("mood"), TEXT("moods"), TALLY_DIMENSION_INLINE, 100, 1, 0},
                                               {TEXT("event"), TEXT("events"), TALLY_DIMENSION_INLINE, 100, 1, 0},
                                               {TEXT("clamped"), TEXT("clamps"), TALLY_DIMENSION_INLINE, 100, 1, 0}};
  static const tally_metric metric = {sizeof(metric), 1, TEXT("five"), measures, dimensions, 4, 0, 0, 0,
                                      {NULL, 0}, {NULL, 0}, {NULL, 0}};
  five *self = instance;
  tally_hook hooks[5];
  tally_status status;
  (void)error;
  memset(hooks, 0, sizeof(hooks));
  hooks[0].intake = intake;
  hooks[0].flags = TALLY_HOOK_NEVER_BLOCKS;
  hooks[1].transform = transform;
  hooks[2].process = process;
  hooks[3].committed = committed;
  hooks[4].lifecycle = lifecycle;
  self->taps = self->host->intern(self->host->ctx, str("taps"));
  self->wish = self->host->intern(self->host->ctx, str("wish"));
  self->mood = self->host->intern(self->host->ctx, str("five-kinds.mood"));
  status = registrar->metric(registrar->ctx, &metric, &self->metric);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_INTAKE, &hooks[0]);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_TRANSFORM, &hooks[1]);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_PROCESS, &hooks[2]);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_COMMITTED, &hooks[3]);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_LIFECYCLE, &hooks[4]);
  if (status == TALLY_OK) status = add_route(registrar, 0, "/o", "five", &self->by_method);
  if (status == TALLY_OK) status = add_route(registrar, 0, "/o/sdk", "five", &self->by_body);
  if (status == TALLY_OK) status = add_route(registrar, TALLY_METHOD_GET, "/o/patient/{word}", "", &self->by_path);
  if (status == TALLY_OK) status = add_route(registrar, TALLY_METHOD_GET, "/o/five/{word}", "", &self->by_path);
  if (status == TALLY_OK) status = add_route(registrar, TALLY_METHOD_POST, "/i/five/{word}", "", &self->by_body);
  return status;
}

static void destroy(void *instance) {
  five *self = instance;
  if (self->commits != NULL) fclose(self->commits);
  free(self);
}

TALLY_EXPORT const tally_plugin *tally_plugin_five_kinds(void);

TALLY_EXPORT const tally_plugin *tally_plugin_five_kinds(void) {
  static const tally_descriptor descriptor = {sizeof(descriptor), 0, TEXT("five-kinds"), TEXT("1.0.0"),
                                              TEXT("Does what requests ask for."), {NULL, 0}, {NULL, 0}, {NULL, 0},
                                              {NULL, 0}, NULL, NULL, NULL, NULL, 0, 0, 0, 0};
  static const tally_plugin plugin = {sizeof(plugin), TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0, &descriptor, create,
                                      enroll, NULL, NULL, NULL, destroy, NULL, NULL, NULL, NULL, NULL};
  return &plugin;
}
