/* Its tables are not what the header demands: the statements of BROKEN say in what. */
#include "fixture.h"

/* As a later header might have it. */
typedef struct newer_plugin {
  tally_plugin known;
  uint64_t later;
} newer_plugin;

typedef struct newer_descriptor {
  tally_descriptor known;
  uint64_t later;
} newer_descriptor;

static newer_plugin longer;
static newer_descriptor longer_descriptor;

UNUSED static const tally_plugin *lengthen(const tally_plugin *plugin, uint64_t later) {
  longer.known = *plugin;
  longer.known.struct_size = sizeof(longer);
  longer.later = later;
  return &longer.known;
}

UNUSED static const tally_descriptor *lengthen_descriptor(const tally_descriptor *descriptor, uint64_t later) {
  longer_descriptor.known = *descriptor;
  longer_descriptor.known.struct_size = sizeof(longer_descriptor);
  longer_descriptor.later = later;
  return &longer_descriptor.known;
}

FIXTURE(broken_tables, "broken-tables", BROKEN)
