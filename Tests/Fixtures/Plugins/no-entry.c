/* A shared object that is no plugin: it does not export tally_plugin_no_entry. */
#include "tally_plugin.h"

TALLY_EXPORT int something_else(void);

TALLY_EXPORT int something_else(void) { return 0; }
