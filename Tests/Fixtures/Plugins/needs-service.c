/* Makes no sense without a service that no host has. */
#include "hostile.h"

TALLY_EXPORT const tally_plugin *tally_plugin_needs_service(void);

TALLY_EXPORT const tally_plugin *tally_plugin_needs_service(void) {
  static const tally_need needs[] = {{TEXT("tally.weather"), 3, 0}};
  static const tally_descriptor descriptor = {
      sizeof(descriptor), 0, TEXT("needs-service"), TEXT("1.0.0"), TEXT("Breaks one promise, in tests."), {NULL, 0},
      {NULL, 0}, {NULL, 0}, {NULL, 0}, NULL, NULL, NULL, needs, 0, 0, 0, 1};
  static const tally_plugin plugin = {sizeof(plugin),  TALLY_ABI_MAJOR, TALLY_ABI_MINOR, 0u,   &descriptor,    hostile_create,
                                      hostile_enroll, NULL,            NULL,            NULL, hostile_destroy, HOSTILE_NO_STATE};
  return &plugin;
}
