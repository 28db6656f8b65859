/* Nothing: this target is the linker settings of plugins' libraries. */
#ifndef PLUGIN_EXPORTS_H
#define PLUGIN_EXPORTS_H
#endif
