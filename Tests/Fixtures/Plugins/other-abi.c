/* Built for a contract this host does not serve. */
#include "fixture.h"

FIXTURE(other_abi, "other-abi", plugin.abi_major = 99; plugin.abi_minor = 0)
