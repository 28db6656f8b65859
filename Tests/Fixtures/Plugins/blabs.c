/* Says its secrets wherever it may say anything: in every reason, log line, audit and misuse, and so that they lie
 * across the places where the host cuts a text. With BLABS_ISOLATED it has no intake hook. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const tally_host *host_table;
static uint32_t blab_key, collection;
static const tally_commands *commands;
static const tally_jobs *jobs;
static const tally_auth *auth;

static tally_str str(const char *text) {
  tally_str view = {text, strlen(text)};
  return view;
}

/* A line in which a secret begins at `place`, and both stand once more in front. */
static const char *line(int place) {
  static _Thread_local char text[16384];
  char token[2048], more[2048];
  tally_setting_value one = {0}, two = {0}, own = {0};
  host_table->setting(host_table->ctx, str("token"), &one);
  host_table->setting(host_table->ctx, str("token_more"), &two);
  host_table->app_setting(host_table->ctx, 1, str("token"), &own);
  snprintf(token, sizeof(token), "%.*s", (int)one.text.len, one.text.ptr);
  snprintf(more, sizeof(more), "%.*s", (int)two.text.len, two.text.ptr);
  snprintf(text, sizeof(text), "%s %s %.*s %*s%s", token, more, (int)own.text.len, own.text.ptr,
           place - (int)strlen(token) - (int)strlen(more) - (int)own.text.len - 3, "", more);
  return text;
}

static tally_status fail(const tally_error *error) {
  fixture_say(error, line(990));
  return TALLY_FAILED;
}

static tally_str wish(const tally_batch *batch, uint32_t i) {
  return tally_text(batch, tally_member(batch, tally_batch_node(batch, tally_batch_item(batch, i)->root), blab_key));
}

static int is(tally_str text, const char *other) {
  return text.len == strlen(other) && memcmp(text.ptr, other, text.len) == 0;
}

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  uint32_t i;
  (void)instance, (void)facts;
  for (i = batch->first_item; i < batch->end_item; i++) {
    tally_str what = wish(batch, i);
    tally_bytes nothing = {"x", 1};
    if (is(what, "process")) return fail(error);
    if (is(what, "reduce")) effects->emit(effects->ctx, i, collection, str("key"), nothing);
    if (is(what, "log")) host_table->log(host_table->ctx, TALLY_LOG_WARNING, str(line(1990)));
    if (is(what, "print")) {
      printf("%s\n", line(1990));
      fprintf(stderr, "%s\n", line(40));
      fflush(stdout);
    }
  }
  return TALLY_OK;
}

static tally_status reduce(void *instance, const tally_fold *fold, const tally_error *error) {
  (void)instance, (void)fold;
  return fail(error);
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  (void)error;
  host_table = host;
  blab_key = host->intern(host->ctx, str("blab"));
  *out_instance = &fixture_instance;
  return TALLY_OK;
}

static tally_status add_hook(const tally_registrar *registrar, uint32_t kind, tally_hook *hook) {
  hook->struct_size = sizeof(*hook);
  hook->kind = kind;
  return registrar->hook(registrar->ctx, hook);
}

#ifndef BLABS_ISOLATED
static tally_status intake(void *instance, const tally_intake *request, const tally_error *error) {
  (void)instance;
  return is(request->parameter(request->ctx, str("blab")), "intake") ? fail(error) : TALLY_OK;
}
#endif

static tally_status transform(void *instance, const tally_batch *batch, const tally_verdicts *verdicts,
                              const tally_error *error) {
  uint32_t i;
  (void)instance, (void)verdicts;
  for (i = batch->first_item; i < batch->end_item; i++)
    if (is(wish(batch, i), "transform")) return fail(error);
  return TALLY_OK;
}

static tally_status committed(void *instance, const tally_commit *commit, const tally_error *error) {
  static int heard;
  (void)instance, (void)commit;
  return heard++ == 0 ? fail(error) : TALLY_OK;
}

static tally_status lifecycle(void *instance, const tally_lifecycle *event, const tally_error *error) {
  (void)instance, (void)event;
  return fail(error);
}

static tally_status apply(void *instance, const tally_command *command, const tally_effects *effects,
                          const tally_error *error) {
  (void)instance, (void)command, (void)effects;
  return fail(error);
}

static tally_status run(void *instance, const tally_job *job, const tally_error *error) {
  (void)instance, (void)job;
  return fail(error);
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  tally_str what = request->parameter(request->ctx, str("do"));
  (void)instance;
  reply->write(reply->ctx, str("{}"));
  if (is(what, "fail")) return fail(error);
  if (is(what, "command")) {
    tally_submission submission = {sizeof(submission), 0, 0, TEXT("blab"), {NULL, 0}, 0, 0, NULL, NULL};
    return commands->submit(commands->ctx, &submission, error);
  }
  if (is(what, "job")) {
    tally_job_order order = {sizeof(order), 0, TEXT("blab"), {NULL, 0}, {NULL, 0}, 0, 0};
    return jobs->enqueue(jobs->ctx, &order, NULL, error);
  }
  if (is(what, "misuse")) {
    tally_job_order order = {sizeof(order), 0, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0, 0};
    tally_setting_value token = {0};
    host_table->setting(host_table->ctx, str("token"), &token);
    order.name = token.text;
    return jobs->enqueue(jobs->ctx, &order, NULL, NULL) == TALLY_INVALID ? TALLY_OK : TALLY_FAILED;
  }
  if (is(what, "audit")) return auth->audit(auth->ctx, str(""), 0, str("blab"), str(line(100)), error);
  return TALLY_OK;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_collection documents = {sizeof(documents), 10, TEXT("documents"), reduce};
  tally_command_handler command = {sizeof(command), 0, TEXT("blab"), apply};
  tally_job_kind job = {sizeof(job), 0, TEXT("blab"), {NULL, 0}, 1, 0, 1, 0, run};
  tally_route route = {sizeof(route), 0, TEXT("/o"), TEXT("blab"), {NULL, 0}, {NULL, 0}, 0, 0, 0, 0, answer,
                       NULL, 0, 0};
  tally_hook hooks[5];
  uint32_t number;
  tally_status status;
  (void)instance;
  memset(hooks, 0, sizeof(hooks));
  hooks[0].process = process;
  hooks[1].transform = transform;
  hooks[2].committed = committed;
  hooks[3].lifecycle = lifecycle;
  commands = host_table->service(host_table->ctx, str("tally.commands"), 1);
  jobs = host_table->service(host_table->ctx, str("tally.jobs"), 1);
  auth = host_table->service(host_table->ctx, str("tally.auth"), 1);
  status = registrar->collection(registrar->ctx, &documents, &collection);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_PROCESS, &hooks[0]);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_TRANSFORM, &hooks[1]);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_COMMITTED, &hooks[2]);
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_LIFECYCLE, &hooks[3]);
#ifndef BLABS_ISOLATED
  hooks[4].intake = intake;
  hooks[4].flags = TALLY_HOOK_NEVER_BLOCKS;
  if (status == TALLY_OK) status = add_hook(registrar, TALLY_HOOK_INTAKE, &hooks[4]);
#endif
  if (status == TALLY_OK) status = commands->define(commands->ctx, &command, error);
  if (status == TALLY_OK) status = jobs->define(jobs->ctx, &job, error);
  if (status == TALLY_OK) status = registrar->route(registrar->ctx, &route, &number);
  return status;
}

TALLY_EXPORT const tally_plugin *tally_plugin_blabs(void);

TALLY_EXPORT const tally_plugin *tally_plugin_blabs(void) {
  static const tally_setting settings[] = {
      {sizeof(tally_setting), TALLY_SETTING_STRING, TEXT("token"), TEXT("A word."), TEXT("built-in-word"), 0, 0, TEXT(""),
       NULL, 0, TALLY_SETTING_SECRET | TALLY_SETTING_PER_APP},
      {sizeof(tally_setting), TALLY_SETTING_STRING, TEXT("token_more"), TEXT("A longer one."), TEXT(""), 0, 0, TEXT(""),
       NULL, 0, TALLY_SETTING_SECRET},
      {sizeof(tally_setting), TALLY_SETTING_INT, TEXT("pin"), TEXT("A number."), TEXT("0"), 0, 0, TEXT(""), NULL, 0,
       TALLY_SETTING_SECRET},
  };
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 0, TEXT("blabs"), TEXT("1.0.0"), TEXT("Says its secrets, in tests."), {NULL, 0}, {NULL, 0},
      {NULL, 0}, {NULL, 0}, settings, NULL, NULL, NULL, 3, 0, 0, 0};
  static const tally_plugin plugin = {sizeof(plugin), TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u, &descriptor, create,
                                      enroll, NULL, NULL, NULL, fixture_destroy, NULL, NULL, NULL, NULL, NULL};
  return &plugin;
}
