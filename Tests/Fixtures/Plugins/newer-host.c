/* Needs a host that is newer than this one. */
#include "hostile.h"

TALLY_EXPORT const tally_plugin *tally_plugin_newer_host(void);

TALLY_EXPORT const tally_plugin *tally_plugin_newer_host(void) {
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 0, TEXT("newer-host"), TEXT("1.0.0"), TEXT("Breaks one promise, in tests."), NULL};
  static const tally_plugin plugin = {sizeof(plugin),  TALLY_ABI_MAJOR, 999u, 999u, &descriptor,    hostile_create,
                                      hostile_enroll, NULL,            NULL, NULL, hostile_destroy};
  return &plugin;
}
