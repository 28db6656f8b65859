/* Its tally_plugin ends before create. */
#include "hostile.h"

TALLY_EXPORT const tally_plugin *tally_plugin_short_struct(void);

TALLY_EXPORT const tally_plugin *tally_plugin_short_struct(void) {
  static const tally_descriptor descriptor = HOSTILE_DESCRIPTOR("short-struct");
  static const tally_plugin plugin = {16u,            TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u,   &descriptor,    hostile_create,
                                      hostile_enroll, NULL,            NULL,            NULL, hostile_destroy, HOSTILE_NO_STATE};
  return &plugin;
}
