/* Calls services as it must not: /o?method=misuses&which=NAME answers with what the host says to that. An item with
 * the parameter `trap_me` waits for a command inside a hook; after destroy a thread goes on calling, and writes what it
 * was told to the file named by the macro SAID. */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const tally_commands *commands;
static const tally_kv *kv;
static const tally_jobs *jobs;
static const tally_emit *emit;

/* Where a call's reason is kept. */
typedef struct heard {
  char text[1024];
} heard;

static void hear(void *ctx, tally_str reason) {
  heard *into = ctx;
  size_t length = reason.len < sizeof(into->text) - 1 ? (size_t)reason.len : sizeof(into->text) - 1;
  memcpy(into->text, reason.ptr, length);
  into->text[length] = 0;
}

static tally_error listener(heard *into) {
  tally_error error = {sizeof(error), 0, NULL, hear};
  into->text[0] = 0;
  error.ctx = into;
  return error;
}

static tally_status apply(void *instance, const tally_command *command, const tally_effects *effects,
                          const tally_error *error) {
  (void)instance, (void)command, (void)effects, (void)error;
  return TALLY_OK;
}

static tally_status submit(heard *into) {
  tally_submission submission = {sizeof(submission), 0, 0, TEXT("nothing"), {NULL, 0}, 0, 0, NULL, NULL};
  tally_error error = listener(into);
  return commands->submit(commands->ctx, &submission, &error);
}

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  heard said;
  uint32_t i;
  (void)instance, (void)facts, (void)effects;
  for (i = batch->first_item; i < batch->end_item; i++) {
    if (!fixture_is_asked(batch, i) || submit(&said) == TALLY_OK) continue;
    fixture_say(error, said.text);
    return TALLY_FAILED;
  }
  return TALLY_OK;
}

/* Does one wrong thing; what the host says is in `into`. */
static tally_status misuse(const char *which, size_t length, heard *into) {
  static const tally_command_handler late = {sizeof(late), 0, TEXT("late"), apply};
  tally_submission submission = {sizeof(submission), 0, 0, TEXT("nothing"), {NULL, 0}, 0, 0, NULL, NULL};
  struct {
    tally_submission known;
    uint64_t unknown;
  } longer = {submission, 7};
  tally_str key = TEXT("key");
  tally_error error = listener(into);
#define ASKED(name) (length == sizeof(name) - 1 && memcmp(which, name, length) == 0)
  if (ASKED("null-ctx")) return commands->submit(NULL, &submission, &error);
  if (ASKED("null-argument")) return commands->submit(commands->ctx, NULL, &error);
  if (ASKED("short-struct")) {
    submission.struct_size = 4;
    return commands->submit(commands->ctx, &submission, &error);
  }
  if (ASKED("clipped-struct")) {
    submission.struct_size = 16;
    return commands->submit(commands->ctx, &submission, &error);
  }
  if (ASKED("long-struct")) {
    longer.known.struct_size = sizeof(longer);
    return commands->submit(commands->ctx, &longer.known, &error);
  }
  if (ASKED("late-define")) return commands->define(commands->ctx, &late, &error);
  if (ASKED("null-visit")) return kv->get(kv->ctx, 0, key, NULL, NULL, &error);
  if (ASKED("null-order")) return jobs->enqueue(jobs->ctx, NULL, NULL, &error);
  if (ASKED("stage-outside")) return emit->stage(emit->ctx, NULL, 0, NULL);
  if (ASKED("no-error")) return commands->submit(commands->ctx, NULL, NULL);
  return TALLY_OK;
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  tally_str which = request->parameter(request->ctx, fixture_text("which"));
  heard said;
  char line[1100];
  tally_str text = {line, 0};
  tally_status status = misuse(which.ptr, (size_t)which.len, &said);
  (void)instance, (void)error;
  text.len = (uint64_t)snprintf(line, sizeof(line), "%d %s", (int)status, said.text);
  reply->write(reply->ctx, text);
  return TALLY_OK;
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  commands = host->service(host->ctx, fixture_text("tally.commands"), 1);
  kv = host->service(host->ctx, fixture_text("tally.kv"), 1);
  jobs = host->service(host->ctx, fixture_text("tally.jobs"), 1);
  emit = host->service(host->ctx, fixture_text("tally.emit"), 1);
  if (host->service(host->ctx, fixture_text("tally.nothing"), 1) != NULL ||
      host->service(host->ctx, fixture_text("tally.commands"), 2) != NULL) {
    fixture_say(error, "the host has a service it cannot have");
    return TALLY_FAILED;
  }
  return fixture_create(host, out_instance, error);
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_status status = fixture_enroll_method(registrar, "misuses", answer);
  (void)instance, (void)error;
  return status == TALLY_OK ? fixture_enroll_hook(registrar, process) : status;
}

static void *go_on(void *unused) {
  const struct timespec pause = {0, 50000000};
  heard said;
  FILE *file;
  (void)unused;
  nanosleep(&pause, NULL);
  (void)submit(&said);
  file = fopen(SAID, "w");
  if (file != NULL) {
    fputs(said.text, file);
    fclose(file);
  }
  return NULL;
}

static void destroy(void *instance) {
  pthread_t thread;
  (void)instance;
  if (pthread_create(&thread, NULL, go_on, NULL) == 0) pthread_detach(thread);
}

FIXTURE(misuses, "misuses", plugin.create = create; plugin.enroll = enroll; plugin.destroy = destroy)
