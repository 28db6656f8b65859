/* Refuses to start, and says why. */
#include "fixture.h"

static tally_status start(void *instance, const tally_error *error) {
  (void)instance;
  fixture_say(error, "the licence file is missing; put it beside the library");
  return TALLY_FAILED;
}

FIXTURE(refuses_start, "refuses-start", plugin.start = start)
