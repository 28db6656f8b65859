/* A target needs a source. */
#include "PluginExports.h"

typedef int tally_plugin_exports;
