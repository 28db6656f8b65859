/* Plays every role a plugin in a process of its own may play, and in each does to its process what it is told: the
 * value of `roles_how` is "<role>-<what>", as "transform-segv". */
#define _GNU_SOURCE
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const tally_host *host;
static const tally_commands *commands;
static const tally_emit *emit;
static const tally_kv *kv;
static const tally_jobs *jobs;
static const tally_metrics *numbers;
static uint32_t how_key, wish_key, colour_key, said_key, metric, notes, seen, asked, level;
static char armed[64];

static tally_bytes bytes(const char *text) {
  tally_bytes view = {text, strlen(text)};
  return view;
}

static int is(tally_str text, const char *word) {
  return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

static int overflow(int depth) {
  volatile char frame[4096];
  frame[0] = (char)depth;
  return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

static void *forever(void *unused) {
  for (;;) pause();
  return unused;
}

/* Does what the text says, if it is for this role. */
static void misbehave(const char *role, tally_str how) {
  size_t len = strlen(role);
  int number;
  if (how.len <= len || memcmp(how.ptr, role, len) != 0 || how.ptr[len] != '-') return;
  how.ptr += len + 1;
  how.len -= len + 1;
  if (is(how, "segv")) *(volatile int *)8 = 1;
  if (is(how, "abort")) abort();
  if (is(how, "trap")) __builtin_trap();
  if (is(how, "exit")) exit(3);
  if (is(how, "overflow")) overflow(0);
  if (is(how, "memory")) memset(malloc((size_t)10 << 30), 1, (size_t)10 << 30);
  if (is(how, "loop"))
    for (;;) {
    }
  for (number = 0; is(how, "threads") && number < 10000; number++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, forever, NULL) != 0) abort();
  }
}

/* Says what it was shown, parameter by parameter. */
static void describe(const tally_intake *request, char *text, size_t room) {
  static const char *names[] = {"colour", "events", "number", "empty", "escaped", "missing"};
  size_t i;
  snprintf(text, room, "app %u flags %u at %d id %d device %.*s address %.*s", request->app, request->flags,
           request->received_ms > 0, (int)request->app_id.len, (int)request->device.len, request->device.ptr,
           (int)request->address.len, request->address.ptr);
  for (i = 0; i < sizeof names / sizeof *names; i++) {
    tally_str value = request->parameter(request->ctx, fixture_text(names[i]));
    size_t used = strlen(text);
    snprintf(text + used, room - used, " %s %s %.*s", names[i], value.ptr == NULL ? "no" : "yes", (int)value.len,
             value.ptr == NULL ? "" : value.ptr);
  }
}

static void annotate_status(const tally_intake *request, int status) {
  char text[40];
  snprintf(text, sizeof text, "answered %d", status);
  request->annotate(request->ctx, fixture_text("said"), fixture_text(text));
}

static tally_status intake(void *instance, const tally_intake *request, const tally_error *error) {
  static const char large[5000];
  tally_str ask = request->parameter(request->ctx, fixture_text("ask"));
  tally_str whole = {large, sizeof large};
  char text[1000];
  int number, status = TALLY_OK;
  (void)instance;
  misbehave("intake", request->parameter(request->ctx, fixture_text("roles_how")));
  numbers->add(numbers->ctx, asked, 1);
  if (is(ask, "sleep")) {
    usleep(1500000);
    host->log(host->ctx, TALLY_LOG_INFO, fixture_text("has slept"));
  }
  if (is(ask, "describe") || is(ask, "fail")) {
    describe(request, text, sizeof text);
    request->annotate(request->ctx, fixture_text("said"), fixture_text("before"));
    request->annotate(request->ctx, fixture_text("said"), fixture_text(text));
  }
  for (number = 0; is(ask, "many") && number < 20; number++) {
    snprintf(text, sizeof text, "note %d", number);
    status += request->annotate(request->ctx, number == 0 ? fixture_text("said") : fixture_text(text), ask);
    if (number == 19) annotate_status(request, status);
  }
  if (is(ask, "large")) annotate_status(request, request->annotate(request->ctx, fixture_text("said"), whole));
  if (is(ask, "long")) annotate_status(request, request->annotate(request->ctx, whole, ask));
  if (is(ask, "invalid")) annotate_status(request, request->annotate(request->ctx, fixture_text("\xff"), ask));
  if (is(ask, "refuse-99")) annotate_status(request, request->refuse(request->ctx, 99, ask));
  if (is(ask, "refuse-large")) annotate_status(request, request->refuse(request->ctx, 403, whole));
  if (is(ask, "refuse")) request->refuse(request->ctx, 403, fixture_text("\"no\" Ω"));
  if (is(ask, "fail")) {
    fixture_say(error, "asked to fail");
    return TALLY_FAILED;
  }
  return TALLY_OK;
}

static tally_status transform(void *instance, const tally_batch *batch, const tally_verdicts *verdicts,
                              const tally_error *error) {
  uint32_t i;
  (void)instance;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    const tally_node *root = tally_batch_node(batch, item->root);
    tally_str wish = tally_text(batch, tally_member(batch, root, wish_key));
    misbehave("transform", tally_text(batch, tally_member(batch, root, how_key)));
    if (is(wish, "drop")) verdicts->drop(verdicts->ctx, i);
    if (is(wish, "drop-event")) verdicts->drop_event(verdicts->ctx, item->first_event);
    if (is(wish, "set"))
      verdicts->set(verdicts->ctx, i, item->root, fixture_text("colour"), fixture_text("\"blue \\\"Ω\\\"\""));
    if (is(wish, "remove")) verdicts->remove(verdicts->ctx, i, item->root, fixture_text("colour"));
    if (is(wish, "add")) verdicts->add_event(verdicts->ctx, i, fixture_text("{\"key\":\"added\",\"count\":3}"));
    if (is(wish, "bad")) verdicts->set(verdicts->ctx, i, item->root, fixture_text("colour"), fixture_text("1,\"x\":2"));
    if (is(wish, "refuse")) {
      fixture_say(error, "asked to refuse");
      return TALLY_FAILED;
    }
  }
  return TALLY_OK;
}

static void count(const tally_effects *effects, uint32_t item, int32_t hour, const char *dimension, tally_str value,
                  int64_t n) {
  tally_series series = {sizeof(series), metric, {NULL, 0}, {NULL, 0}, {NULL, 0}};
  series.dimension = fixture_text(dimension);
  series.value = value;
  if (value.len > 0) effects->count(effects->ctx, item, &series, hour, &n, 1);
}

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  uint32_t i, e;
  (void)instance;
  (void)facts;
  (void)error;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    const tally_node *root = tally_batch_node(batch, item->root);
    tally_str how = tally_text(batch, tally_member(batch, root, how_key));
    tally_str wish = tally_text(batch, tally_member(batch, root, wish_key));
    tally_str device = tally_batch_text(batch, item->device_off, item->device_len);
    tally_bytes payload = {how.ptr, how.len};
    misbehave("process", how);
    if (how.len > 0) effects->cell_put(effects->ctx, i, payload);
    if (how.len > 0 && how.len < sizeof(armed)) {
      memcpy(armed, how.ptr, how.len);
      armed[how.len] = 0;
    }
    count(effects, i, item->hour, "device", device, 1);
    count(effects, i, item->hour, "note",
          tally_text(batch, tally_member(batch, tally_batch_node(batch, item->notes), said_key)), 1);
    count(effects, i, item->hour, "colour", tally_text(batch, tally_member(batch, root, colour_key)), 1);
    for (e = item->first_event; e < item->first_event + item->n_events; e++) {
      const tally_event *event = tally_batch_event(batch, e);
      count(effects, i, event->hour, "event", tally_batch_text(batch, event->key_off, event->key_len), event->count);
    }
    effects->emit(effects->ctx, i, notes, device, payload);
    if (numbers != NULL) numbers->add(numbers->ctx, seen, 1);
    if (is(wish, "stage")) {
      tally_record record = {sizeof(record), 0, {NULL, 0}, TEXT("{\"colour\":\"staged\"}")};
      if (emit->stage(emit->ctx, effects, i, &record) != TALLY_OK) return TALLY_FAILED;
    }
    if (is(wish, "stage-bad")) {
      tally_record record = {sizeof(record), 0, {NULL, 0}, TEXT("[1]")};
      tally_status status = emit->stage(emit->ctx, effects, i, &record);
      const char *said = status == TALLY_INVALID ? "stage refused" : "stage taken";
      count(effects, i, item->hour, "colour", fixture_text(said), 1);
    }
  }
  return TALLY_OK;
}

static tally_status reduce(void *instance, const tally_fold *fold, const tally_error *error) {
  char text[32];
  uint32_t i;
  (void)instance;
  (void)error;
  for (i = 0; i < fold->n_payloads; i++) {
    tally_str how = {fold->payloads[i].ptr, fold->payloads[i].len};
    misbehave("reduce", how);
  }
  snprintf(text, sizeof text, "%d", (fold->document.len == 0 ? 0 : atoi(fold->document.ptr)) + (int)fold->n_payloads);
  fold->put(fold->ctx, bytes(text));
  return TALLY_OK;
}

static void keep(void *ctx, tally_bytes value, uint64_t version) {
  char *text = ctx;
  (void)version;
  memcpy(text, value.ptr, value.len);
  text[value.len] = 0;
}

static tally_status committed(void *instance, const tally_commit *commit, const tally_error *error) {
  static char heard[60000];
  uint32_t i;
  (void)instance;
  heard[0] = 0;
  kv->get(kv->ctx, 0, fixture_text("heard"), heard, keep, NULL);
  for (i = commit->batch->first_item; i < commit->batch->end_item; i++) {
    const tally_item *item = tally_batch_item(commit->batch, i);
    const tally_node *root = tally_batch_node(commit->batch, item->root);
    tally_str device = tally_batch_text(commit->batch, item->device_off, item->device_len);
    misbehave("committed", tally_text(commit->batch, tally_member(commit->batch, root, how_key)));
    if (strlen(heard) + device.len + 2 > 50000) continue;
    strncat(heard, device.ptr, device.len);
    strcat(heard, " ");
  }
  return kv->put(kv->ctx, 0, fixture_text("heard"), bytes(heard), 0, error);
}

static tally_status lifecycle(void *instance, const tally_lifecycle *event, const tally_error *error) {
  char text[100];
  (void)instance;
  if (event->kind != TALLY_LIFECYCLE_APP_CREATED) return TALLY_OK;
  misbehave("lifecycle", fixture_text(armed));
  snprintf(text, sizeof text, "kind %u app %u id %d at %d", event->kind, event->app, (int)event->app_id.len,
           event->at_ms > 0);
  host->log(host->ctx, TALLY_LOG_INFO, fixture_text(text));
  (void)error;
  return TALLY_OK;
}

static tally_status merge(void *instance, const tally_merge *merge, const tally_error *error) {
  tally_str from = {merge->from.ptr, merge->from.len};
  (void)instance;
  (void)error;
  misbehave("merge", from);
  merge->put(merge->ctx, merge->from);
  return TALLY_OK;
}

static tally_status portray(void *instance, const tally_portrait *portrait, const tally_error *error) {
  tally_str cell = {portrait->cell.ptr, portrait->cell.len};
  (void)instance;
  misbehave("describe", cell);
  if (is(cell, "describe-fail")) {
    fixture_say(error, "asked to fail");
    return TALLY_FAILED;
  }
  portrait->member(portrait->ctx, fixture_text("roles"), fixture_text("\"told\""));
  return TALLY_OK;
}

static tally_status apply(void *instance, const tally_command *command, const tally_effects *effects,
                          const tally_error *error) {
  tally_str payload = {command->payload.ptr, command->payload.len};
  char text[100];
  (void)instance;
  misbehave("command", payload);
  if (is(payload, "refuse")) {
    fixture_say(error, "asked to refuse");
    return TALLY_FAILED;
  }
  if (is(payload, "user")) effects->cell(effects->ctx, command->item);
  count(effects, command->item, command->hour, "command", payload, 2);
  snprintf(text, sizeof text, "app %u user %d at %d %.*s", command->app, (int)command->user, command->received_ms > 0,
           (int)payload.len, payload.ptr);
  command->answer(command->answer_ctx, bytes(text));
  return TALLY_OK;
}

static tally_status run(void *instance, const tally_job *job, const tally_error *error) {
  tally_str payload = {job->payload.ptr, job->payload.len};
  char text[100];
  (void)instance;
  misbehave("job", payload);
  if (is(payload, "refuse")) {
    fixture_say(error, "asked to refuse");
    return TALLY_FAILED;
  }
  job->progress(job->ctx, 500);
  snprintf(text, sizeof text, "%.*s attempt %u cancelled %u", (int)payload.len, payload.ptr, job->attempt,
           job->is_cancelled(job->ctx));
  return kv->put(kv->ctx, 0, fixture_text("job"), bytes(text), 0, error);
}

static int32_t list(void *ctx, tally_str key, tally_bytes value, uint64_t version) {
  const tally_reply *reply = ctx;
  tally_str text = {value.ptr, value.len};
  (void)version;
  reply->string(reply->ctx, key);
  reply->string(reply->ctx, text);
  return 1;
}

static void tell(void *ctx, tally_bytes answer) {
  const tally_reply *reply = ctx;
  tally_str text = {answer.ptr, answer.len};
  reply->string(reply->ctx, text);
}

typedef struct reason {
  char text[300];
} reason;

static void note(void *ctx, tally_str text) {
  snprintf(((reason *)ctx)->text, sizeof(((reason *)ctx)->text), "%.*s", (int)text.len, text.ptr);
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  reason why = {""};
  tally_error report = {sizeof(report), 0, &why, note};
  tally_str what = request->parameter(request->ctx, fixture_text("what"));
  tally_str value = request->parameter(request->ctx, fixture_text("value"));
  tally_bytes payload = {value.ptr, value.len};
  tally_status status = TALLY_OK;
  uint64_t number = 0;
  char line[400];
  (void)instance;
  (void)error;
  misbehave("answer", value);
  if (what.len == 0) {
    tally_question question = {sizeof(question), metric, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0, 0};
    question.dimension = request->parameter(request->ctx, fixture_text("by"));
    return request->document(request->ctx, &question);
  }
  if (numbers != NULL) numbers->set(numbers->ctx, level, 7);
  if (is(what, "command")) {
    tally_submission submission = {sizeof(submission), request->app, 0, TEXT("add"), payload, 0, 0, (void *)reply, tell};
    status = commands->submit(commands->ctx, &submission, &report);
  } else if (is(what, "unknown-command")) {
    tally_submission submission = {sizeof(submission), request->app, 0, TEXT("none"), payload, 0, 0, (void *)reply, tell};
    status = commands->submit(commands->ctx, &submission, &report);
  } else if (is(what, "job")) {
    tally_job_order order = {sizeof(order), 0, TEXT("note"), TEXT("one"), payload, 0, 0};
    status = jobs->enqueue(jobs->ctx, &order, &number, &report);
    number = number != 0;
  } else if (is(what, "look")) {
    tally_job_state state = {sizeof(state), 0, 0, 0, 0};
    status = jobs->look(jobs->ctx, value.len, &state, &report);
    number = state.state;
  } else if (is(what, "put")) {
    status = kv->put(kv->ctx, request->app, fixture_text("mine"), payload, 0, &report);
  } else if (is(what, "swap")) {
    status = kv->compare_swap(kv->ctx, request->app, fixture_text("other"), 77, payload, 0, &number, &report);
    number = number != 0;
  } else if (is(what, "remove")) {
    status = kv->remove(kv->ctx, request->app, value, &report);
  } else if (is(what, "scan")) {
    status = kv->scan(kv->ctx, request->app, fixture_text(""), fixture_text(""), 100, (void *)reply, list, &report);
    kv->scan(kv->ctx, 0, fixture_text(""), fixture_text(""), 100, (void *)reply, list, &report);
  } else if (is(what, "send")) {
    tally_record record = {sizeof(record), request->app, TEXT("sent"), {NULL, 0}};
    record.object = value;
    status = emit->send(emit->ctx, &record, &report);
  } else if (is(what, "setting")) {
    tally_setting_value here, there;
    status = host->setting(host->ctx, fixture_text("size"), &here);
    status += host->app_setting(host->ctx, request->app, fixture_text("size"), &there);
    snprintf(line, sizeof line, "%d %d", (int)here.integer, (int)there.integer);
    reply->string(reply->ctx, fixture_text(line));
  } else if (is(what, "define")) {
    tally_command_handler handler = {sizeof(handler), 0, TEXT("late"), apply};
    status = commands->define(commands->ctx, &handler, &report);
  }
  snprintf(line, sizeof line, "status %d number %d %s", status, (int)number, why.text);
  reply->string(reply->ctx, fixture_text(line));
  return TALLY_OK;
}

static tally_status create(const tally_host *given, void **out_instance, const tally_error *error) {
  host = given;
  commands = host->service(host->ctx, fixture_text("tally.commands"), 1);
  emit = host->service(host->ctx, fixture_text("tally.emit"), 1);
  kv = host->service(host->ctx, fixture_text("tally.kv"), 1);
  jobs = host->service(host->ctx, fixture_text("tally.jobs"), 1);
  numbers = host->service(host->ctx, fixture_text("tally.metrics"), 1);
  how_key = host->intern(host->ctx, fixture_text("roles_how"));
  wish_key = host->intern(host->ctx, fixture_text("wish"));
  said_key = host->intern(host->ctx, fixture_text("roles.said"));
  colour_key = host->intern(host->ctx, fixture_text("colour"));
  return fixture_create(host, out_instance, error);
}

static tally_status add_hook(const tally_registrar *registrar, uint32_t kind, tally_hook hook) {
  hook.struct_size = sizeof(hook);
  hook.kind = kind;
  return registrar->hook(registrar->ctx, &hook);
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  static const tally_measure measures[] = {{TEXT("t"), TALLY_MEASURE_SUM, TALLY_GRAIN_DAY | TALLY_GRAIN_MONTH, 0, 0}};
  static const tally_dimension dimensions[] = {{TEXT("device"), TEXT("devices"), TALLY_DIMENSION_INLINE, 1000, 1, 0},
                                               {TEXT("colour"), TEXT("colours"), TALLY_DIMENSION_INLINE, 100, 1, 0},
                                               {TEXT("event"), TEXT("events"), TALLY_DIMENSION_INLINE, 100, 1, 0},
                                               {TEXT("command"), TEXT("commands"), TALLY_DIMENSION_INLINE, 100, 1, 0},
                                               {TEXT("note"), TEXT("notes"), TALLY_DIMENSION_INLINE, 100, 1, 0}};
  static const tally_metric described = {sizeof(described), 1, TEXT("roles"), measures, dimensions, 5, 0, 0, 0,
                                         {NULL, 0}, {NULL, 0}, {NULL, 0}};
  tally_command_handler handler = {sizeof(handler), 0, TEXT("add"), apply};
  tally_job_kind kind = {sizeof(kind), 2, TEXT("note"), {NULL, 0}, 0, 0, 0, 0, run};
  tally_collection collection = {sizeof(collection), 1000, TEXT("notes"), reduce};
  tally_route route = {sizeof(route), 0, TEXT("/o"), TEXT("roles"), {NULL, 0}, {NULL, 0}, 0, 0, 0, 10000, answer,
                       NULL, 0, 0};
  tally_hook hooks[5] = {{0}, {0}, {0}, {0}, {0}};
  uint32_t number;
  tally_status status = registrar->metric(registrar->ctx, &described, &metric);
  (void)instance;
  hooks[0].transform = transform;
  hooks[1].process = process;
  hooks[2].committed = committed;
  hooks[3].lifecycle = lifecycle;
  hooks[4].intake = intake;
  hooks[4].flags = TALLY_HOOK_NEVER_BLOCKS;
  if (status == TALLY_OK) status = registrar->collection(registrar->ctx, &collection, &notes);
  if (status == TALLY_OK) status = registrar->route(registrar->ctx, &route, &number);
  if (status == TALLY_OK) status = registrar->describe(registrar->ctx, portray);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_TRANSFORM, hooks[0]);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_PROCESS, hooks[1]);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_COMMITTED, hooks[2]);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_LIFECYCLE, hooks[3]);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_INTAKE, hooks[4]);
  if (status == TALLY_OK) status = commands->define(commands->ctx, &handler, error);
  if (status == TALLY_OK) status = jobs->define(jobs->ctx, &kind, error);
  if (status == TALLY_OK)
    status = numbers->define(numbers->ctx, TALLY_KIND_COUNTER, fixture_text("seen_total"), fixture_text("Items seen."),
                             &seen, error);
  if (status == TALLY_OK)
    status = numbers->define(numbers->ctx, TALLY_KIND_COUNTER, fixture_text("asked_total"),
                             fixture_text("Requests seen."), &asked, error);
  if (status == TALLY_OK)
    status = numbers->define(numbers->ctx, TALLY_KIND_GAUGE, fixture_text("level"), fixture_text("A level."), &level,
                             error);
  return status;
}

static const tally_setting settings[] = {{sizeof(tally_setting), TALLY_SETTING_INT, TEXT("size"), TEXT("A size."),
                                          TEXT("1"), 0, 0, {NULL, 0}, NULL, 0, TALLY_SETTING_PER_APP}};
static const tally_need needs[] = {{TEXT("tally.kv"), 1, 0}, {TEXT("tally.commands"), 1, 0}};

FIXTURE(roles, "roles", descriptor.settings = settings; descriptor.n_settings = 1; descriptor.needs = needs;
        descriptor.n_needs = 2; plugin.create = create; plugin.enroll = enroll; plugin.merge = merge)
