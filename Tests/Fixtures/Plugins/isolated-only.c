/* Runs in a process of its own or not at all. */
#include "hostile.h"

TALLY_EXPORT const tally_plugin *tally_plugin_isolated_only(void);

TALLY_EXPORT const tally_plugin *tally_plugin_isolated_only(void) {
  static const tally_descriptor descriptor = {
      sizeof(descriptor), TALLY_PLUGIN_ISOLATED_ONLY, TEXT("isolated-only"), TEXT("1.0.0"), TEXT("Breaks one promise, in tests."), {NULL, 0},
      {NULL, 0}, {NULL, 0}, {NULL, 0}, NULL, NULL, NULL, NULL, 0, 0, 0, 0};
  static const tally_plugin plugin = {sizeof(plugin),  TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u,   &descriptor,    hostile_create,
                                      hostile_enroll, NULL,            NULL,            NULL, hostile_destroy, HOSTILE_NO_STATE};
  return &plugin;
}
