/* Runs in a process of its own or not at all. */
#include "fixture.h"

FIXTURE(isolated_only, "isolated-only", descriptor.flags = TALLY_PLUGIN_ISOLATED_ONLY)
