/* Leaves a thread and an open file behind in every life. */
#include "hostile.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static void *sleep_for_ever(void *nothing) {
  for (;;) sleep(1000);
  return nothing;
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  pthread_t thread;
  if (open("/dev/null", O_RDONLY) < 0 || pthread_create(&thread, NULL, sleep_for_ever, NULL) != 0)
    return TALLY_FAILED;
  return hostile_create(host, out_instance, error);
}

TALLY_EXPORT const tally_plugin *tally_plugin_leaks(void);

TALLY_EXPORT const tally_plugin *tally_plugin_leaks(void) {
  static const tally_descriptor descriptor = HOSTILE_DESCRIPTOR("leaks");
  static const tally_plugin plugin = {.struct_size = sizeof(plugin),
                                      .abi_major = TALLY_ABI_MAJOR,
                                      .abi_minor = TALLY_ABI_MINOR,
                                      .descriptor = &descriptor,
                                      .create = create,
                                      .enroll = hostile_enroll,
                                      .destroy = hostile_destroy};
  return &plugin;
}
