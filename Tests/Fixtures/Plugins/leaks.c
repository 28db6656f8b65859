/* Leaves a thread and an open file behind in every life. */
#include "fixture.h"

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
  return fixture_create(host, out_instance, error);
}

FIXTURE(leaks, "leaks", plugin.create = create)
