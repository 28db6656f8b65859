/* Uses everything a hook may read and ask for, lets its effects depend on what it was told, and answers with all of it:
 * two lanes that differ in anything answer differently. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct prober {
  const tally_host *host;
  uint32_t key, users, sessions, own; /* interned */
  uint32_t metric, log, documents;
} prober;

typedef struct prober_cell {
  uint64_t items;
  uint64_t grains; /* of all unique users so far */
} prober_cell;

/* Chains the bytes into a number, so that one line can stand for much. */
static uint64_t digest(uint64_t seed, tally_bytes bytes) {
  const unsigned char *byte = bytes.ptr;
  uint64_t i;
  for (i = 0; i < bytes.len; i++) seed = (seed ^ byte[i]) * 1099511628211u;
  return seed;
}

static prober_cell load(const tally_effects *effects, uint32_t item) {
  prober_cell cell = {0, 0};
  tally_bytes stored = effects->cell(effects->ctx, item);
  if (stored.len == sizeof cell) memcpy(&cell, stored.ptr, sizeof cell);
  return cell;
}

static void probe(const prober *self, const tally_batch *batch, const tally_facts *facts,
                  const tally_effects *effects, uint32_t i, tally_str value) {
  const tally_item *item = tally_batch_item(batch, i);
  tally_series series = {sizeof(series), self->metric, {NULL, 0}, {NULL, 0}, {NULL, 0}};
  tally_bytes bytes;
  prober_cell cell = load(effects, i), again;
  uint32_t own, total;
  int64_t add[3];
  char line[256];
  int count;

  series.subject = value;
  own = effects->unique(effects->ctx, i, &series, item->hour, item->flags & TALLY_ITEM_NEW_USER);
  add[0] = 1;
  add[1] = 0;
  add[2] = (int64_t)own;
  effects->count(effects->ctx, i, &series, item->hour, add, 3);
  series.subject.len = value.len > 1 ? 1 : value.len;
  series.dimension = (tally_str){"kind", 4};
  series.value = value;
  total = effects->unique(effects->ctx, i, &series, item->hour, 0);
  cell.items += 1;
  cell.grains = cell.grains * 31 + own * 64 + total;
  bytes.ptr = &cell;
  bytes.len = sizeof cell;
  effects->cell_put(effects->ctx, i, bytes);
  again = load(effects, i);
  add[0] = 1;
  add[1] = (int64_t)again.items;
  add[2] = -(int64_t)own;
  effects->count(effects->ctx, i, &series, item->hour, add, 3);
  bytes.len = 8;
  effects->fact(effects->ctx, i, bytes);
  count = snprintf(line, sizeof line, "%.*s own=%u total=%u items=%llu grains=%llx user=%llx session=%llx",
                   (int)value.len, value.ptr, own, total, (unsigned long long)again.items,
                   (unsigned long long)again.grains,
                   (unsigned long long)digest(14695981039346656037u, tally_fact(facts, i, self->users)),
                   (unsigned long long)tally_fact(facts, i, self->sessions).len);
  bytes.ptr = line;
  bytes.len = (uint64_t)count;
  effects->row(effects->ctx, i, self->log, value, bytes);
  bytes.ptr = &cell.grains;
  bytes.len = 8;
  effects->emit(effects->ctx, i, self->documents, series.subject, bytes);
}

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  const prober *self = instance;
  uint32_t i;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    tally_str value = tally_text(batch, tally_member(batch, tally_batch_node(batch, item->root), self->key));
    if (value.len == 6 && memcmp(value.ptr, "refuse", 6) == 0) {
      static const tally_str reason = TEXT("asked to refuse");
      error->set(error->ctx, reason);
      return TALLY_FAILED;
    }
    if (value.len == 7 && memcmp(value.ptr, "garbage", 7) == 0) {
      tally_series wrong = {sizeof(wrong), 99, {NULL, 0}, {NULL, 0}, {NULL, 0}};
      effects->unique(effects->ctx, i, &wrong, item->hour, 0);
    }
    if (value.len != 0) probe(self, batch, facts, effects, i, value);
  }
  return TALLY_OK;
}

static tally_status reduce(void *instance, const tally_fold *fold, const tally_error *error) {
  uint64_t folded = 0;
  tally_bytes out = {&folded, sizeof folded};
  uint32_t i;
  (void)instance;
  (void)error;
  if (fold->document.len == sizeof folded) memcpy(&folded, fold->document.ptr, sizeof folded);
  for (i = 0; i < fold->n_payloads; i++) folded = digest(folded + 1, fold->payloads[i]);
  fold->put(fold->ctx, out);
  return TALLY_OK;
}

static int32_t see_total(void *ctx, const tally_total *total) {
  const tally_reply *reply = ctx;
  char line[128];
  tally_str text = {line, 0};
  text.len = (uint64_t)snprintf(line, sizeof line, ":%lld,%lld,%lld;", (long long)total->measures[0],
                                (long long)total->measures[1], (long long)total->measures[2]);
  reply->string(reply->ctx, total->name);
  reply->write(reply->ctx, text);
  return 1;
}

static int32_t see_name(void *ctx, tally_str name) {
  const tally_reply *reply = ctx;
  reply->string(reply->ctx, name);
  return 1;
}

static int32_t see_document(void *ctx, tally_str key, tally_bytes document) {
  const tally_reply *reply = ctx;
  char line[64];
  tally_str text = {line, 0};
  text.len = (uint64_t)snprintf(line, sizeof line, ":%llx;", (unsigned long long)digest(0, document));
  reply->string(reply->ctx, key);
  reply->write(reply->ctx, text);
  return 1;
}

static int32_t see_row(void *ctx, tally_str key, int64_t received_ms, tally_bytes payload) {
  const tally_reply *reply = ctx;
  tally_str text = {payload.ptr, payload.len}, end = {"\n", 1};
  (void)key;
  (void)received_ms;
  reply->write(reply->ctx, text);
  reply->write(reply->ctx, end);
  return 1;
}

static void see_cells(const tally_request *request, const tally_reply *reply) {
  uint64_t user;
  for (user = 1; user <= 40; user++) {
    tally_bytes cell;
    char line[64];
    tally_str text = {line, 0};
    if (request->cell(request->ctx, user, &cell) != TALLY_OK) continue;
    text.len = (uint64_t)snprintf(line, sizeof line, "user %llu: %llx\n", (unsigned long long)user,
                                  (unsigned long long)digest(0, cell));
    reply->write(reply->ctx, text);
  }
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  static const tally_str view = TEXT("view"), none = {NULL, 0};
  const prober *self = instance;
  tally_question question = {sizeof(question), self->metric, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0, 0};
  tally_str asked = request->parameter(request->ctx, view);
  tally_bytes document;
  (void)error;
  reply->status(reply->ctx, 203);
  if (asked.len == 1) {
    switch (asked.ptr[0]) {
      case 't':
        question.flags = TALLY_QUESTION_BY_SUBJECT;
        return request->totals(request->ctx, &question, (void *)reply, see_total);
      case 'n': return request->names(request->ctx, self->metric, none, (void *)reply, see_name);
      case 'l': return request->list(request->ctx, self->documents, (void *)reply, see_document);
      case 'r': return request->rows(request->ctx, self->log, none, 10000, (void *)reply, see_row);
      case 'c': see_cells(request, reply); return TALLY_OK;
      case 'x': return request->get(request->ctx, self->documents, view, &document);
      default: break;
    }
  }
  question.subject = asked;
  question.dimension = (tally_str){"kind", 4};
  return request->document(request->ctx, &question);
}

static tally_status tell(void *instance, const tally_request *request, const tally_reply *reply,
                         const tally_error *error) {
  static const tally_str what = TEXT("what"), name = TEXT("x-prober"), value = TEXT("told");
  const tally_str body = {request->body.ptr, request->body.len};
  char line[128];
  tally_str text = {line, 0};
  (void)instance;
  (void)error;
  reply->header(reply->ctx, name, value);
  reply->string(reply->ctx, request->parameter(request->ctx, what));
  reply->string(reply->ctx, request->method);
  reply->string(reply->ctx, request->path);
  reply->string(reply->ctx, request->content_type);
  reply->string(reply->ctx, body);
  text.len = (uint64_t)snprintf(line, sizeof line, "app %u route %u member %llu ref %d now %d cancelled %d",
                                request->app, request->route, (unsigned long long)request->member.len,
                                request->ref != 0, request->deadline_ms > request->now_ms,
                                request->is_cancelled(request->ctx));
  reply->write(reply->ctx, text);
  return TALLY_OK;
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  prober *self = calloc(1, sizeof(*self));
  (void)error;
  self->host = host;
  *out_instance = self;
  return TALLY_OK;
}

/* Members that are taken, and such that are not; of some users it tells nothing after all. */
static tally_status describe(void *instance, const tally_portrait *portrait, const tally_error *error) {
  static char large[70000];
  prober_cell cell = {0, 0};
  tally_str text;
  char line[200], name[80];
  int i;
  (void)instance;
  if (portrait->cell.len == sizeof cell) memcpy(&cell, portrait->cell.ptr, sizeof cell);
  text.ptr = line;
  text.len = (uint64_t)snprintf(line, sizeof line, "{\"items\":%llu,\"grains\":\"%llx \xce\xa9\",\"app\":%u,\"user\":%llu}",
                                (unsigned long long)cell.items, (unsigned long long)cell.grains, portrait->app,
                                (unsigned long long)portrait->user);
  portrait->member(portrait->ctx, fixture_text("probe"), text);
  portrait->member(portrait->ctx, fixture_text("probe"), fixture_text("\"again\""));
  portrait->member(portrait->ctx, fixture_text("probe_bad"), fixture_text("{\"a\":"));
  portrait->member(portrait->ctx, fixture_text("probe_\xff"), fixture_text("1"));
  portrait->member(portrait->ctx, fixture_text("fac"), fixture_text("\"of another\""));
  memset(large, ' ', sizeof large);
  memcpy(large, "1", 1);
  text.ptr = large;
  text.len = sizeof large;
  portrait->member(portrait->ctx, fixture_text("probe_large"), text);
  memset(name, 'n', sizeof name);
  text.ptr = name;
  for (i = 63; i <= 66; i++) {
    text.len = (uint64_t)i;
    portrait->member(portrait->ctx, text, fixture_text("true"));
  }
  if (cell.items % 3 != 0) return TALLY_OK;
  fixture_say(error, "asked to refuse");
  return TALLY_FAILED;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  static const tally_str key = TEXT("probe"), users = TEXT("users"), sessions = TEXT("sessions"), own = TEXT("prober");
  static const tally_str after[] = {TEXT("users"), TEXT("sessions")};
  static const uint32_t grains = TALLY_GRAIN_HOUR | TALLY_GRAIN_DAY | TALLY_GRAIN_WEEK | TALLY_GRAIN_MONTH;
  const tally_measure measures[] = {{TEXT("t"), TALLY_MEASURE_SUM, grains, 0, 0},
                                    {TEXT("u"), TALLY_MEASURE_UNIQUE, grains, 0, 0},
                                    {TEXT("m"), TALLY_MEASURE_MIN, grains, 0, 0}};
  /* Limits that the test goes over, so that names share the line of the others. */
  const tally_metric metric = {sizeof(metric), 3, TEXT("probes"), measures, NULL, 0, 6, 1, 4,
                               {NULL, 0}, {NULL, 0}, {NULL, 0}};
  const tally_collection collection = {sizeof(collection), 100, TEXT("folds"), reduce};
  const tally_table table = {sizeof(table), 0, TEXT("lines")};
  const tally_route route = {sizeof(route), 0, TEXT("/o"), TEXT("prober"), TEXT("core"), {NULL, 0}, 0, 0, 0, 0, answer,
                             NULL, 0, 0};
  /* A path with a captured segment, which answers with everything a request says. */
  const tally_route told = {sizeof(told),
                            TALLY_METHOD_POST | TALLY_METHOD_PUT,
                            TEXT("/o/prober/{what}"),
                            {NULL, 0},
                            TEXT("core"),
                            TEXT("Says what it was told."),
                            TALLY_ACCESS_READ,
                            0,
                            4096,
                            0,
                            tell,
                            NULL,
                            0,
                            0};
  uint32_t number;
  prober *self = instance;
  tally_hook hook;
  tally_status status;
  (void)error;
  self->key = self->host->intern(self->host->ctx, key);
  self->users = self->host->intern(self->host->ctx, users);
  self->sessions = self->host->intern(self->host->ctx, sessions);
  self->own = self->host->intern(self->host->ctx, own);
  memset(&hook, 0, sizeof hook);
  hook.struct_size = sizeof hook;
  hook.kind = TALLY_HOOK_PROCESS;
  hook.phase = TALLY_PHASE_LATE;
  hook.after = after;
  hook.n_after = 2;
  hook.n_keys = 1;
  hook.process = process;
  hook.keys = &self->key;
  status = registrar->metric(registrar->ctx, &metric, &self->metric);
  if (status == TALLY_OK) status = registrar->collection(registrar->ctx, &collection, &self->documents);
  if (status == TALLY_OK) status = registrar->table(registrar->ctx, &table, &self->log);
  if (status == TALLY_OK) status = registrar->hook(registrar->ctx, &hook);
  if (status == TALLY_OK) status = registrar->route(registrar->ctx, &route, &number);
  if (status == TALLY_OK) status = registrar->route(registrar->ctx, &told, &number);
  if (status == TALLY_OK) status = registrar->describe(registrar->ctx, describe);
  return status;
}

static tally_status start(void *instance, const tally_error *error) {
  static const tally_str hello = TEXT("probing\nwith two lines");
  const prober *self = instance;
  (void)error;
  self->host->log(self->host->ctx, TALLY_LOG_INFO, hello);
  return TALLY_OK;
}

static void destroy(void *instance) { free(instance); }

FIXTURE(prober, "prober",
        descriptor.summary = fixture_text("Probes everything, in tests."); plugin.create = create;
        plugin.enroll = enroll; plugin.start = start; plugin.destroy = destroy)
