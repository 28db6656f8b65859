/* Hears what happens and writes it down, a line each, into the file that HEARS_FILE names: kind, app, app id, name and
 * detail; and which users it is about, in a second. It has a setting, so that something can change. */
#define _POSIX_C_SOURCE 200809L
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static tally_status lifecycle(void *instance, const tally_lifecycle *event, const tally_error *error) {
  const char *path = getenv("HEARS_FILE");
  FILE *file = path == NULL ? NULL : fopen(path, "a");
  (void)instance;
  (void)error;
  if (file == NULL) return TALLY_FAILED;
  fprintf(file, "%u app %u %.*s name %.*s detail %.*s at %s\n", event->kind, event->app, (int)event->app_id.len,
          event->app_id.len == 0 ? "" : event->app_id.ptr, (int)event->name.len,
          event->name.len == 0 ? "" : event->name.ptr, (int)event->detail.len,
          event->detail.len == 0 ? "" : event->detail.ptr, event->at_ms > 0 ? "a time" : "no time");
  if (event->user != 0) fprintf(file, "user %d into %d\n", (int)event->user, (int)event->into);
  fclose(file);
  return TALLY_OK;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_hook hook;
  (void)instance;
  (void)error;
  memset(&hook, 0, sizeof(hook));
  hook.struct_size = sizeof(hook);
  hook.kind = TALLY_HOOK_LIFECYCLE;
  hook.lifecycle = lifecycle;
  return registrar->hook(registrar->ctx, &hook);
}

TALLY_EXPORT const tally_plugin *tally_plugin_hears(void);

TALLY_EXPORT const tally_plugin *tally_plugin_hears(void) {
  static const tally_setting settings[] = {
      {sizeof(tally_setting), TALLY_SETTING_STRING, TEXT("label"), TEXT("A text."), TEXT("none"), 0, 0, TEXT(""), NULL, 0,
       TALLY_SETTING_PER_APP | TALLY_SETTING_SECRET},
      {sizeof(tally_setting), TALLY_SETTING_INT, TEXT("limit_max"), TEXT("A number."), TEXT("5"), 1, 10, TEXT(""), NULL, 0,
       0},
  };
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 0, TEXT("hears"), TEXT("1.0.0"), TEXT("Writes down what happens, in tests."), {NULL, 0}, {NULL, 0},
      {NULL, 0}, {NULL, 0}, settings, NULL, NULL, NULL, 2, 0, 0, 0};
  static const tally_plugin plugin = {sizeof(plugin), TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u, &descriptor, fixture_create,
                                      enroll, NULL, NULL, NULL, fixture_destroy, NULL, NULL, NULL, NULL, NULL};
  return &plugin;
}
