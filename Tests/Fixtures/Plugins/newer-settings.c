/* Declares its settings as a later header might: longer structs whose new member is zero. SECOND names the second. */
#include "hostile.h"

#ifndef SECOND
#define SECOND "second"
#endif

typedef struct newer_setting {
  tally_setting known;
  uint64_t later;
} newer_setting;

TALLY_EXPORT const tally_plugin *tally_plugin_newer_settings(void);

TALLY_EXPORT const tally_plugin *tally_plugin_newer_settings(void) {
  static const newer_setting settings[] = {
      {{sizeof(newer_setting), TALLY_SETTING_INT, TEXT("first_max"), TEXT("One."), TEXT("1"), 0, 10, {NULL, 0}, NULL, 0, 0},
       0},
      {{sizeof(newer_setting), TALLY_SETTING_BOOL, TEXT(SECOND), TEXT("Two."), TEXT("true"), 0, 0, {NULL, 0}, NULL, 0, 0},
       0},
  };
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 0, TEXT("newer-settings"), TEXT("1.0.0"), TEXT("Built with a newer header, in tests."), {NULL, 0},
      {NULL, 0}, {NULL, 0}, {NULL, 0}, (const tally_setting *)(const void *)settings, NULL, NULL, NULL, 2, 0, 0, 0};
  static const tally_plugin plugin = {sizeof(plugin), TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u, &descriptor, hostile_create,
                                      hostile_enroll, NULL, NULL, NULL, hostile_destroy, HOSTILE_NO_STATE};
  return &plugin;
}
