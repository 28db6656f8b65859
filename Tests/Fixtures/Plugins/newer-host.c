/* Needs a host that is newer than this one. */
#include "hostile.h"

TALLY_EXPORT const tally_plugin *tally_plugin_newer_host(void);

TALLY_EXPORT const tally_plugin *tally_plugin_newer_host(void) {
  static const tally_descriptor descriptor = HOSTILE_DESCRIPTOR("newer-host");
  static const tally_plugin plugin = {sizeof(plugin),  TALLY_ABI_MAJOR, 999u, 999u, &descriptor,    hostile_create,
                                      hostile_enroll, NULL,            NULL, NULL, hostile_destroy, HOSTILE_NO_STATE};
  return &plugin;
}
