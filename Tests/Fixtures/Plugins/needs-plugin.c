/* Makes no sense without another plugin. */
#include "hostile.h"

TALLY_EXPORT const tally_plugin *tally_plugin_needs_plugin(void);

TALLY_EXPORT const tally_plugin *tally_plugin_needs_plugin(void) {
  static const tally_depend depends[] = {{TEXT("geo"), TEXT("2.1"), 0, 0}};
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 0, TEXT("needs-plugin"), TEXT("1.0.0"), TEXT("Breaks one promise, in tests."), {NULL, 0},
      {NULL, 0}, {NULL, 0}, {NULL, 0}, NULL, NULL, depends, NULL, 0, 0, 1, 0};
  static const tally_plugin plugin = {sizeof(plugin),  TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u,   &descriptor,    hostile_create,
                                      hostile_enroll, NULL,            NULL,            NULL, hostile_destroy, HOSTILE_NO_STATE};
  return &plugin;
}
