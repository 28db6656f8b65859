/* site-search: what people look for. Counts events named "search" by what their segment "query" says, and answers
 * /o?method=site-search with the most wanted queries, how often each was asked and by how many users.
 *
 * The whole plugin is this file and tally_plugin.h. */
#include "tally_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* What one instance keeps: numbers it was given, and nothing that counts. */
typedef struct site_search {
  const tally_host *host;
  tally_str event;     /* the setting: which events are searches */
  int64_t answers_max; /* the setting: how many queries an answer lists */
  uint32_t events_key; /* interned "events": batches without it pass by */
  uint32_t query_key;  /* interned "query" */
  uint32_t metric;
} site_search;

static int is_same(tally_str a, tally_str b) { return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0; }

/* Queries that differ in upper case and spaces around them are one. Answers the bytes written. */
static size_t tidy(tally_str query, char *out, size_t room) {
  size_t start = 0, end = query.len, n = 0;
  while (start < end && query.ptr[start] == ' ') start++;
  while (end > start && query.ptr[end - 1] == ' ') end--;
  if (end - start > room) {
    end = start + room;
    while (end > start && ((unsigned char)query.ptr[end] & 0xC0) == 0x80) end--; /* never half a character */
  }
  for (; start < end; start++) {
    char c = query.ptr[start];
    out[n++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  return n;
}

/* ---- Counting --------------------------------------------------------------------------------------------------- */

static void count(const site_search *self, const tally_batch *batch, uint32_t item, const tally_event *event,
                  const tally_effects *effects) {
  const tally_node *segments = tally_batch_node(batch, event->segmentation);
  tally_str query = tally_text(batch, tally_member(batch, segments, self->query_key));
  char text[128];
  tally_series all = {.struct_size = sizeof(all), .metric = self->metric};
  tally_series one = {.struct_size = sizeof(one), .metric = self->metric, .dimension = TEXT("query")};
  one.value.ptr = text;
  one.value.len = tidy(query, text, sizeof(text));
  effects->count(effects->ctx, item, &all, event->hour, &event->count, 1);
  effects->unique(effects->ctx, item, &all, event->hour, 0);
  if (one.value.len == 0) return;
  effects->count(effects->ctx, item, &one, event->hour, &event->count, 1);
  effects->unique(effects->ctx, item, &one, event->hour, 0);
}

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  const site_search *self = instance;
  (void)facts;
  (void)error;
  for (uint32_t i = batch->first_item; i < batch->end_item; i++) {
    const tally_item *item = tally_batch_item(batch, i);
    for (uint32_t e = item->first_event; e < item->first_event + item->n_events; e++) {
      const tally_event *event = tally_batch_event(batch, e);
      if (is_same(tally_batch_text(batch, event->key_off, event->key_len), self->event))
        count(self, batch, i, event, effects);
    }
  }
  return TALLY_OK;
}

/* ---- Answering -------------------------------------------------------------------------------------------------- */

typedef struct answer_state {
  const tally_reply *reply;
  int64_t left;
  int is_first;
} answer_state;

static void write_text(const tally_reply *reply, const char *text) {
  tally_str view = {text, strlen(text)};
  reply->write(reply->ctx, view);
}

static void write_counts(const tally_reply *reply, const tally_total *total) {
  char text[96];
  snprintf(text, sizeof(text), "\"searches\":%lld,\"users\":%lld", (long long)total->measures[0],
           (long long)total->measures[1]);
  write_text(reply, text);
}

static int32_t write_total(void *ctx, const tally_total *total) {
  answer_state *state = ctx;
  write_counts(state->reply, total);
  state->is_first = 0;
  return 0; /* one line is all there is */
}

static int32_t write_query(void *ctx, const tally_total *total) {
  answer_state *state = ctx;
  if (state->left-- <= 0) return 0;
  write_text(state->reply, state->is_first ? "{\"query\":" : ",{\"query\":");
  state->is_first = 0;
  state->reply->string(state->reply->ctx, total->name);
  write_text(state->reply, ",");
  write_counts(state->reply, total);
  write_text(state->reply, "}");
  return 1;
}

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  const site_search *self = instance;
  answer_state state = {reply, self->answers_max, 1};
  tally_question question = {.struct_size = sizeof(question), .metric = self->metric};
  tally_status status;
  (void)error;
  write_text(reply, "{");
  status = request->totals(request->ctx, &question, &state, write_total);
  if (status != TALLY_OK) return status;
  write_text(reply, state.is_first ? "\"searches\":0,\"users\":0,\"queries\":[" : ",\"queries\":[");
  question.dimension = (tally_str)TEXT("query");
  state.is_first = 1;
  status = request->totals(request->ctx, &question, &state, write_query);
  write_text(reply, "]}");
  return status;
}

/* ---- The life of an instance ------------------------------------------------------------------------------------ */

static tally_status fail(const tally_error *error, const char *reason) {
  tally_str text = {reason, strlen(reason)};
  error->set(error->ctx, text);
  return TALLY_FAILED;
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  static const tally_str event_name = TEXT("event"), answers_name = TEXT("answers_max");
  tally_setting_value value = {.struct_size = sizeof(value)};
  site_search *self = calloc(1, sizeof(*self));
  if (self == NULL) return fail(error, "no memory for the instance; give the server more");
  self->host = host;
  if (host->setting(host->ctx, event_name, &value) == TALLY_OK) self->event = value.text;
  if (host->setting(host->ctx, answers_name, &value) == TALLY_OK) self->answers_max = value.integer;
  *out_instance = self;
  return TALLY_OK;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  static const tally_str events_name = TEXT("events"), query_name = TEXT("query");
  static const tally_measure measures[] = {
      {.name = TEXT("t"), .kind = TALLY_MEASURE_SUM, .grains = TALLY_GRAIN_HOUR | TALLY_GRAIN_DAY | TALLY_GRAIN_MONTH},
      {.name = TEXT("u"),
       .kind = TALLY_MEASURE_UNIQUE,
       .grains = TALLY_GRAIN_DAY | TALLY_GRAIN_ISO_WEEK | TALLY_GRAIN_MONTH | TALLY_GRAIN_YEAR}};
  static const tally_dimension dimensions[] = {{.name = TEXT("query"),
                                                .meta = TEXT("queries"),
                                                .style = TALLY_DIMENSION_INLINE,
                                                .value_limit = 1000,
                                                .measures = 3}};
  static const tally_metric metric = {.struct_size = sizeof(metric),
                                      .n_measures = 2,
                                      .name = TEXT("searches"),
                                      .measures = measures,
                                      .dimensions = dimensions,
                                      .n_dimensions = 1};
  site_search *self = instance;
  tally_hook hook = {.struct_size = sizeof(hook), .kind = TALLY_HOOK_PROCESS, .n_keys = 1, .process = process};
  static const tally_parameter parameters[] = {
      {.name = TEXT("period"), .summary = TEXT("30days, 7days, hour, yesterday, ...")}};
  tally_route route = {.struct_size = sizeof(route),
                       .path = TEXT("/o"),
                       .method = TEXT("site-search"),
                       .summary = TEXT("The most wanted queries of a period."),
                       .answer = answer,
                       .parameters = parameters,
                       .n_parameters = 1};
  uint32_t number;

  self->events_key = self->host->intern(self->host->ctx, events_name);
  self->query_key = self->host->intern(self->host->ctx, query_name);
  if (self->events_key == 0 || self->query_key == 0)
    return fail(error, "the host knows too many member names; run fewer plugins");
  hook.keys = &self->events_key;
  if (registrar->metric(registrar->ctx, &metric, &self->metric) != TALLY_OK)
    return fail(error, "the host refused the metric \"searches\"");
  if (registrar->hook(registrar->ctx, &hook) != TALLY_OK) return fail(error, "the host refused the hook");
  if (registrar->route(registrar->ctx, &route, &number) != TALLY_OK)
    return fail(error, "the host refused the question \"site-search\"");
  return TALLY_OK;
}

static void destroy(void *instance) { free(instance); }

TALLY_EXPORT const tally_plugin *tally_plugin_site_search(void);

TALLY_EXPORT const tally_plugin *tally_plugin_site_search(void) {
  static const tally_setting settings[] = {
      {.struct_size = sizeof(tally_setting),
       .kind = TALLY_SETTING_STRING,
       .name = TEXT("event"),
       .help = TEXT("The key of the events that are searches."),
       .default_text = TEXT("search")},
      {.struct_size = sizeof(tally_setting),
       .kind = TALLY_SETTING_INT,
       .name = TEXT("answers_max"),
       .help = TEXT("How many queries an answer lists."),
       .default_text = TEXT("50"),
       .minimum = 1,
       .maximum = 1000}};
  static const tally_descriptor descriptor = {.struct_size = sizeof(descriptor),
                                              .name = TEXT("site-search"),
                                              .version = TEXT("1.0.0"),
                                              .summary = TEXT("Counts what people search for."),
                                              .settings = settings,
                                              .n_settings = 2};
  static const tally_plugin plugin = {.struct_size = sizeof(plugin),
                                      .abi_major = TALLY_ABI_MAJOR,
                                      .abi_minor = TALLY_ABI_MINOR,
                                      .descriptor = &descriptor,
                                      .create = create,
                                      .enroll = enroll,
                                      .destroy = destroy};
  return &plugin;
}
