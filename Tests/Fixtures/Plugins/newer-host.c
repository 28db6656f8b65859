/* Needs a host that is newer than this one. */
#include "fixture.h"

FIXTURE(newer_host, "newer-host", plugin.abi_minor = 999; plugin.min_host_minor = 999)
