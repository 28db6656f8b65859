/* Declares its settings as version 1.0 first had them: shorter structs, so that elements lie closer. */
#include "hostile.h"

typedef struct old_setting {
  uint32_t struct_size;
  uint32_t kind;
  tally_str name, help, default_text;
  double minimum, maximum;
} old_setting;

TALLY_EXPORT const tally_plugin *tally_plugin_old_settings(void);

TALLY_EXPORT const tally_plugin *tally_plugin_old_settings(void) {
  static const old_setting settings[] = {
      {sizeof(old_setting), TALLY_SETTING_INT, TEXT("first_max"), TEXT("One."), TEXT("1"), 0, 10},
      {sizeof(old_setting), TALLY_SETTING_BOOL, TEXT("second"), TEXT("Two."), TEXT("true"), 0, 0},
  };
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 0, TEXT("old-settings"), TEXT("1.0.0"), TEXT("Built with an older header, in tests."), {NULL, 0}, {NULL, 0},
      {NULL, 0}, {NULL, 0}, (const tally_setting *)(const void *)settings, NULL, NULL, NULL, 2, 0, 0, 0};
  static const tally_plugin plugin = {sizeof(plugin), TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u, &descriptor, hostile_create,
                                      hostile_enroll, NULL, NULL, NULL, hostile_destroy, HOSTILE_NO_STATE};
  return &plugin;
}
