/* Its tally_plugin ends before create. */
#include "hostile.h"

TALLY_EXPORT const tally_plugin *tally_plugin_short_struct(void);

TALLY_EXPORT const tally_plugin *tally_plugin_short_struct(void) {
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 0, TEXT("short-struct"), TEXT("1.0.0"), TEXT("Breaks one promise, in tests."), NULL};
  static const tally_plugin plugin = {16u,            TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u,   &descriptor,    hostile_create,
                                      hostile_enroll, NULL,            NULL,            NULL, hostile_destroy};
  return &plugin;
}
