/* Its tally_plugin ends before create. */
#include "fixture.h"

FIXTURE(short_struct, "short-struct", plugin.struct_size = 16)
