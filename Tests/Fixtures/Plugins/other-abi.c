/* Built for a contract this host does not serve. */
#include "hostile.h"

TALLY_EXPORT const tally_plugin *tally_plugin_other_abi(void);

TALLY_EXPORT const tally_plugin *tally_plugin_other_abi(void) {
  static const tally_descriptor descriptor = HOSTILE_DESCRIPTOR("other-abi");
  static const tally_plugin plugin = {sizeof(plugin),  99u,  0u,   0u,   &descriptor,    hostile_create,
                                      hostile_enroll, NULL, NULL, NULL, hostile_destroy, HOSTILE_NO_STATE};
  return &plugin;
}
