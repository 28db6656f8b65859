/* Refuses to start, and says why. */
#include "hostile.h"

static tally_status start(void *instance, const tally_error *error) {
  (void)instance;
  hostile_say(error, "the licence file is missing; put it beside the library");
  return TALLY_FAILED;
}

TALLY_EXPORT const tally_plugin *tally_plugin_refuses_start(void);

TALLY_EXPORT const tally_plugin *tally_plugin_refuses_start(void) {
  static const tally_descriptor descriptor = HOSTILE_DESCRIPTOR("refuses-start");
  static const tally_plugin plugin = {sizeof(plugin),  TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u,   &descriptor,    hostile_create,
                                      hostile_enroll, start,           NULL,            NULL, hostile_destroy, HOSTILE_NO_STATE};
  return &plugin;
}
