/* What the hostile plugins share: everything a plugin needs, and nothing wrong with it. Each file beside this
 * one breaks one promise. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "tally_plugin.h"

#define TEXT(literal) {literal, sizeof(literal) - 1}
#define UNUSED __attribute__((unused))

/* A hook of that kind without its function. */
#define HOSTILE_HOOK(kind) \
  {sizeof(tally_hook), kind, TALLY_PHASE_NORMAL, 0, {NULL, 0}, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL}

/* The manifest of a plugin that breaks a promise. */
#define HOSTILE_DESCRIPTOR(name)                                                                                  \
  {sizeof(tally_descriptor), 0, TEXT(name), TEXT("1.0.0"), TEXT("Breaks one promise, in tests."), {NULL, 0},        \
   {NULL, 0}, {NULL, 0}, {NULL, 0}, NULL, NULL, NULL, NULL, 0, 0, 0, 0}

/* The end of a table of functions: nothing of settings and state. */
#define HOSTILE_NO_STATE NULL, NULL, NULL, NULL

static char hostile_instance;
static uint32_t hostile_key;

UNUSED static void hostile_say(const tally_error *error, const char *reason) {
  tally_str text = {reason, 0};
  while (reason[text.len] != 0) text.len++;
  error->set(error->ctx, text);
}

UNUSED static tally_status hostile_create(const tally_host *host, void **out_instance, const tally_error *error) {
  tally_str name = TEXT("trap_me");
  (void)error;
  hostile_key = host->intern(host->ctx, name);
  *out_instance = &hostile_instance;
  return TALLY_OK;
}

UNUSED static tally_status hostile_enroll(void *instance, const tally_registrar *registrar,
                                          const tally_error *error) {
  (void)instance;
  (void)registrar;
  (void)error;
  return TALLY_OK;
}

/* Enrolls one hook that sees all batches. */
UNUSED static tally_status hostile_enroll_hook(const tally_registrar *registrar,
                                               tally_status (*process)(void *, const tally_batch *,
                                                                       const tally_facts *, const tally_effects *,
                                                                       const tally_error *)) {
  tally_hook hook = HOSTILE_HOOK(TALLY_HOOK_PROCESS);
  hook.process = process;
  return registrar->hook(registrar->ctx, &hook);
}

UNUSED static void hostile_destroy(void *instance) {
  (void)instance;
#ifdef HOSTILE_NEVER_ENDS
  for (;;) {
  }
#endif
}

/* Whether the item has the parameter `trap_me`. */
UNUSED static int hostile_is_asked(const tally_batch *batch, uint32_t item) {
  const tally_node *root = tally_batch_node(batch, tally_batch_item(batch, item)->root);
  return tally_member(batch, root, hostile_key) != NULL;
}

/* The rest of a plugin that does nothing but enroll: its one exported function. */
#define HOSTILE_ENTRY(symbol, name)                                                                              \
  TALLY_EXPORT const tally_plugin *symbol(void);                                                                  \
  TALLY_EXPORT const tally_plugin *symbol(void) {                                                                 \
    static const tally_descriptor descriptor = HOSTILE_DESCRIPTOR(name);                                          \
    static const tally_plugin plugin = {sizeof(plugin), TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u, &descriptor,         \
                                        hostile_create, enroll, NULL, NULL, NULL, hostile_destroy,                \
                                        HOSTILE_NO_STATE};                                                        \
    return &plugin;                                                                                               \
  }

/* A route that answers nothing. */
UNUSED static tally_status hostile_answer(void *instance, const struct tally_request *request,
                                          const struct tally_reply *reply, const tally_error *error) {
  (void)instance;
  (void)request;
  (void)reply;
  (void)error;
  return TALLY_OK;
}

/* Enrolls one route. */
UNUSED static tally_status hostile_enroll_route(const tally_registrar *registrar, tally_str path,
                                                tally_str permission) {
  tally_route route = {sizeof(route), 0, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0, 0, 0, 0, hostile_answer};
  uint32_t number;
  route.path = path;
  route.permission = permission;
  return registrar->route(registrar->ctx, &route, &number);
}

#endif
