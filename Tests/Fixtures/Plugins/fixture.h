/* What the fixtures share: everything a plugin needs, and nothing wrong with it. Each file beside this one adds what
 * its tests are about, mostly one broken promise. `taps.c` does without: it shows that tally_plugin.h is enough. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "tally_plugin.h"

#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}
#define UNUSED __attribute__((unused))

typedef tally_status fixture_process(void *instance, const tally_batch *batch, const tally_facts *facts,
                                     const tally_effects *effects, const tally_error *error);
typedef tally_status fixture_answer(void *instance, const tally_request *request, const tally_reply *reply,
                                    const tally_error *error);

static char fixture_instance;
static uint32_t fixture_key;

UNUSED static tally_str fixture_text(const char *text) {
  tally_str whole = {text, 0};
  whole.len = strlen(text);
  return whole;
}

UNUSED static void fixture_say(const tally_error *error, const char *reason) {
  error->set(error->ctx, fixture_text(reason));
}

UNUSED static tally_status fixture_create(const tally_host *host, void **out_instance, const tally_error *error) {
  (void)error;
  fixture_key = host->intern(host->ctx, fixture_text("trap_me"));
  *out_instance = &fixture_instance;
  return TALLY_OK;
}

UNUSED static tally_status fixture_enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)registrar, (void)error;
  return TALLY_OK;
}

UNUSED static void fixture_destroy(void *instance) {
  (void)instance;
#ifdef FIXTURE_NEVER_ENDS
  for (;;) {
  }
#endif
}

/* Whether the item has the parameter `trap_me`. */
UNUSED static int fixture_is_asked(const tally_batch *batch, uint32_t item) {
  const tally_node *root = tally_batch_node(batch, tally_batch_item(batch, item)->root);
  return tally_member(batch, root, fixture_key) != NULL;
}

UNUSED static tally_status fixture_idle_process(void *instance, const tally_batch *batch, const tally_facts *facts,
                                                const tally_effects *effects, const tally_error *error) {
  (void)instance, (void)batch, (void)facts, (void)effects, (void)error;
  return TALLY_OK;
}

UNUSED static tally_status fixture_idle_intake(void *instance, const tally_intake *request, const tally_error *error) {
  (void)instance, (void)request, (void)error;
  return TALLY_OK;
}

/* A hook of that kind without its function, for all batches. */
UNUSED static tally_hook fixture_hook(uint32_t kind) {
  tally_hook hook;
  memset(&hook, 0, sizeof(hook));
  hook.struct_size = sizeof(hook);
  hook.kind = kind;
  return hook;
}

/* Enrolls one hook that sees all batches. */
UNUSED static tally_status fixture_enroll_hook(const tally_registrar *registrar, fixture_process *process) {
  tally_hook hook = fixture_hook(TALLY_HOOK_PROCESS);
  hook.process = process;
  return registrar->hook(registrar->ctx, &hook);
}

/* Enrolls one hook that does nothing, before the hook of another plugin. */
UNUSED static tally_status fixture_enroll_before(const tally_registrar *registrar, const char *other) {
  tally_hook hook = fixture_hook(TALLY_HOOK_PROCESS);
  tally_str before = fixture_text(other);
  hook.process = fixture_idle_process;
  hook.before = &before;
  hook.n_before = 1;
  return registrar->hook(registrar->ctx, &hook);
}

/* Enrolls /o?method=… with a time limit; 0: the host's. */
UNUSED static tally_status fixture_enroll_timed_method(const tally_registrar *registrar, const char *method,
                                                       uint32_t deadline_ms, fixture_answer *answer) {
  tally_route route;
  uint32_t number;
  memset(&route, 0, sizeof(route));
  route.struct_size = sizeof(route);
  route.path = fixture_text("/o");
  route.method = fixture_text(method);
  route.deadline_ms = deadline_ms;
  route.answer = answer;
  return registrar->route(registrar->ctx, &route, &number);
}

/* Enrolls /o?method=… */
UNUSED static tally_status fixture_enroll_method(const tally_registrar *registrar, const char *method,
                                                 fixture_answer *answer) {
  return fixture_enroll_timed_method(registrar, method, 0, answer);
}

UNUSED static tally_status fixture_idle_answer(void *instance, const tally_request *request, const tally_reply *reply,
                                               const tally_error *error) {
  (void)instance, (void)request, (void)reply, (void)error;
  return TALLY_OK;
}

/* Enrolls a path that answers nothing. */
UNUSED static tally_status fixture_enroll_path(const tally_registrar *registrar, const char *path,
                                               const char *permission) {
  tally_route route;
  uint32_t number;
  memset(&route, 0, sizeof(route));
  route.struct_size = sizeof(route);
  route.path = fixture_text(path);
  route.permission = fixture_text(permission);
  route.answer = fixture_idle_answer;
  return registrar->route(registrar->ctx, &route, &number);
}

/* Enrolls a metric that counts per value of one dimension. */
UNUSED static tally_status fixture_enroll_metric(const tally_registrar *registrar, const char *name,
                                                 const char *dimension, const char *values, uint32_t *out_metric) {
  static const tally_measure measures[] = {{TEXT("t"), TALLY_MEASURE_SUM, TALLY_GRAIN_DAY | TALLY_GRAIN_MONTH, 0, 0}};
  tally_dimension dimensions[] = {{{NULL, 0}, {NULL, 0}, TALLY_DIMENSION_INLINE, 1000, 1, 0}};
  tally_metric metric = {sizeof(metric), 1, {NULL, 0}, measures, NULL, 1, 0, 0, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
  dimensions[0].name = fixture_text(dimension);
  dimensions[0].meta = fixture_text(values);
  metric.name = fixture_text(name);
  metric.dimensions = dimensions;
  return registrar->metric(registrar->ctx, &metric, out_metric);
}

/* Counts an item once for a value of the metric's dimension. */
UNUSED static void fixture_count(const tally_batch *batch, const tally_effects *effects, uint32_t item,
                                         uint32_t metric, const char *dimension, tally_str value) {
  const int64_t one = 1;
  tally_series series = {sizeof(series), 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
  series.metric = metric;
  series.dimension = fixture_text(dimension);
  series.value = value;
  effects->count(effects->ctx, item, &series, tally_batch_item(batch, item)->hour, &one, 1);
}

/* Answers with what was counted per value of a dimension. */
UNUSED static tally_status fixture_document(const tally_request *request, uint32_t metric, const char *dimension) {
  tally_question question;
  memset(&question, 0, sizeof(question));
  question.struct_size = sizeof(question);
  question.metric = metric;
  question.dimension = fixture_text(dimension);
  return request->document(request->ctx, &question);
}

/* The one exported function, tally_plugin_SYMBOL. The statements behind the name change what `descriptor` and `plugin`
 * say of a plugin that does nothing. */
#define FIXTURE(symbol, text, ...)                                       \
  TALLY_EXPORT const tally_plugin *tally_plugin_##symbol(void);          \
  TALLY_EXPORT const tally_plugin *tally_plugin_##symbol(void) {         \
    static tally_descriptor descriptor;                                  \
    static tally_plugin plugin;                                          \
    if (plugin.struct_size == 0) {                                       \
      descriptor.struct_size = sizeof(descriptor);                       \
      descriptor.name = fixture_text(text);                              \
      descriptor.version = fixture_text("1.0.0");                        \
      descriptor.summary = fixture_text("Breaks one promise, in tests."); \
      plugin.struct_size = sizeof(plugin);                               \
      plugin.abi_major = TALLY_ABI_MAJOR;                                \
      plugin.abi_minor = TALLY_ABI_MINOR;                                \
      plugin.descriptor = &descriptor;                                   \
      plugin.create = fixture_create;                                    \
      plugin.enroll = fixture_enroll;                                    \
      plugin.destroy = fixture_destroy;                                  \
      __VA_ARGS__;                                                       \
    }                                                                    \
    return &plugin;                                                      \
  }

#endif
