/* A plugin whose route changes what counts, by commands: /o?method=till&add=KEY counts KEY once, /o?method=till lists
 * how often each was counted. Each command, and each item with the parameter `till`, emits an event of its own. */
#include "fixture.h"

#include <stdio.h>

typedef struct till {
  const tally_commands *commands;
  const tally_emit *emit;
  uint32_t key, keys;
} till;

static till self;

static tally_status stage(const tally_effects *effects, uint32_t item, const char *object) {
  tally_record record = {sizeof(record), 0, TEXT("till"), {NULL, 0}};
  record.object = fixture_text(object);
  return self.emit->stage(self.emit->ctx, effects, item, &record);
}

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  uint32_t i;
  (void)instance, (void)facts, (void)error;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    if (tally_member(batch, tally_batch_node(batch, item->root), self.key) == NULL) continue;
    if (stage(effects, i, "{\"events\":[{\"key\":\"slip\",\"count\":1}]}") != TALLY_OK) return TALLY_FAILED;
  }
  return TALLY_OK;
}

static tally_status apply(void *instance, const tally_command *command, const tally_effects *effects,
                          const tally_error *error) {
  tally_str key = {command->payload.ptr, command->payload.len};
  tally_bytes one = {"1", 1};
  (void)instance, (void)error;
  effects->emit(effects->ctx, command->item, self.keys, key, one);
  return stage(effects, command->item, "{\"events\":[{\"key\":\"added\",\"count\":1}]}");
}

static tally_status reduce(void *instance, const tally_fold *fold, const tally_error *error) {
  char marks[4096];
  tally_bytes document = {marks, 0};
  (void)instance, (void)error;
  document.len = fold->document.len + fold->n_payloads;
  if (document.len > sizeof(marks)) return TALLY_LIMIT;
  memset(marks, '1', document.len);
  fold->put(fold->ctx, document);
  return TALLY_OK;
}

static int32_t show(void *visit_ctx, tally_str key, tally_bytes document) {
  const tally_reply *reply = visit_ctx;
  char line[64];
  tally_str text = {line, 0};
  reply->write(reply->ctx, key);
  text.len = (uint64_t)snprintf(line, sizeof(line), "=%u\n", (unsigned)document.len);
  reply->write(reply->ctx, text);
  return 1;
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  tally_submission submission = {sizeof(submission), 0, 0, TEXT("add"), {NULL, 0}, 0, 0, NULL, NULL};
  tally_str key = request->parameter(request->ctx, fixture_text("add"));
  tally_status status;
  (void)instance;
  if (key.len == 0) return request->list(request->ctx, self.keys, (void *)(uintptr_t)reply, show);
  submission.app = request->app;
  submission.payload.ptr = key.ptr;
  submission.payload.len = key.len;
  status = self.commands->submit(self.commands->ctx, &submission, error);
  if (status == TALLY_OK) reply->write(reply->ctx, fixture_text("done"));
  return status;
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  (void)error;
  self.commands = host->service(host->ctx, fixture_text("tally.commands"), 1);
  self.emit = host->service(host->ctx, fixture_text("tally.emit"), 1);
  self.key = host->intern(host->ctx, fixture_text("till"));
  *out_instance = &self;
  return self.commands != NULL && self.emit != NULL ? TALLY_OK : TALLY_UNSUPPORTED;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  static const tally_collection keys = {sizeof(keys), 100000, TEXT("keys"), reduce};
  static const tally_command_handler handler = {sizeof(handler), 0, TEXT("add"), apply};
  tally_hook hook = fixture_hook(TALLY_HOOK_PROCESS);
  tally_status status = registrar->collection(registrar->ctx, &keys, &self.keys);
  (void)instance;
  hook.keys = &self.key;
  hook.n_keys = 1;
  hook.process = process;
  if (status == TALLY_OK) status = registrar->hook(registrar->ctx, &hook);
  if (status == TALLY_OK) status = fixture_enroll_method(registrar, "till", answer);
  if (status == TALLY_OK) status = self.commands->define(self.commands->ctx, &handler, error);
  return status;
}

FIXTURE(till, "till", plugin.create = create; plugin.enroll = enroll)
