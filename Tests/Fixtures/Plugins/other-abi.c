/* Built for a contract this host does not serve. */
#include "hostile.h"

TALLY_EXPORT const tally_plugin *tally_plugin_other_abi(void);

TALLY_EXPORT const tally_plugin *tally_plugin_other_abi(void) {
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 0, TEXT("other-abi"), TEXT("1.0.0"), TEXT("Breaks one promise, in tests."), NULL};
  static const tally_plugin plugin = {sizeof(plugin),  99u,  0u,   0u,   &descriptor,    hostile_create,
                                      hostile_enroll, NULL, NULL, NULL, hostile_destroy};
  return &plugin;
}
