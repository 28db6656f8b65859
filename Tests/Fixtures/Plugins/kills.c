/* Counts items per device, and does to its process what an item's parameter trap_me says. */
#define _GNU_SOURCE
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREADS = 10000 };

static uint32_t metric;

static int is(tally_str text, const char *word) {
  return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

static int overflow(int depth) {
  volatile char frame[4096];
  frame[0] = (char)depth;
  return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

static void *forever(void *unused) {
  (void)unused;
  for (;;) pause();
  return NULL;
}

static tally_status start_threads(const tally_error *error) {
  char reason[64];
  int number;
  for (number = 1; number <= THREADS; number++) {
    pthread_t thread;
    int failure = pthread_create(&thread, NULL, forever, NULL);
    if (failure == 0) continue;
    snprintf(reason, sizeof reason, "thread %d of %d: error %d", number, THREADS, failure);
    fixture_say(error, reason);
    return TALLY_FAILED;
  }
  return TALLY_OK;
}

/* Where the process writes for its host, in a runner. */
static char *replies;

static tally_status misbehave(tally_str how, const tally_error *error) {
  if (is(how, "segv")) *(volatile int *)8 = 1;
  if (is(how, "abort")) abort();
  if (is(how, "trap")) __builtin_trap();
  if (is(how, "exit")) exit(3);
  if (is(how, "overflow")) return overflow(0);
  if (is(how, "loop"))
    for (;;) {
    }
  if (is(how, "wait"))
    for (;;) usleep(1000);
  if (is(how, "memory")) memset(malloc((size_t)10 << 30), 1, (size_t)10 << 30);
  if (is(how, "threads")) return start_threads(error);
  if (is(how, "scribble") && replies != NULL) memset(replies, 0xFF, 1 << 20);
  if (is(how, "print")) {
    int line;
    for (line = 0; line < 1000; line++) printf("line %d\n", line);
  }
  if (is(how, "file")) {
    fixture_say(error, fopen("/etc/passwd", "r") == NULL ? "may not open a file" : "may open a file");
    return TALLY_FAILED;
  }
  return TALLY_OK;
}

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  uint32_t i;
  (void)instance, (void)facts;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    const tally_node *how = tally_member(batch, tally_batch_node(batch, item->root), fixture_key);
    tally_status status;
    fixture_count(batch, effects, i, metric, "device", tally_batch_text(batch, item->device_off, item->device_len));
    status = misbehave(tally_text(batch, how), error);
    if (status != TALLY_OK) return status;
  }
  return TALLY_OK;
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  tally_status status = misbehave(request->parameter(request->ctx, fixture_text("how")), error);
  (void)instance, (void)reply;
  return status == TALLY_OK ? fixture_document(request, metric, "device") : status;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_status status = fixture_enroll_metric(registrar, "kills", "device", "devices", &metric);
  (void)instance, (void)error;
  if (status == TALLY_OK) status = fixture_enroll_timed_method(registrar, "kills", 1500, answer);
  if (status == TALLY_OK) status = fixture_enroll_hook(registrar, process);
  return status;
}

/* Remembers where the process writes for its host, while it may still look. */
static tally_status start(void *instance, const tally_error *error) {
  char line[512];
  FILE *maps = fopen("/proc/self/maps", "r");
  (void)instance, (void)error;
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
    unsigned long from;
    if (replies == NULL && strstr(line, "tally-hook-replies") != NULL && sscanf(line, "%lx-", &from) == 1)
      replies = (char *)from + 4096;
  }
  if (maps != NULL) fclose(maps);
  return TALLY_OK;
}

FIXTURE(kills, "kills", plugin.enroll = enroll; plugin.start = start)
