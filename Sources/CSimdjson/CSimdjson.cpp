#include "CSimdjson.h"

#include "Block.hpp"
#include "Repair.hpp"

/// The C face. Nothing behind it throws but the allocator, and a server without memory ends.
struct tally_json {
  tally::Block block;
};

static std::string_view view(const void *text, size_t length) { return {static_cast<const char *>(text), length}; }

extern "C" {

tally_json *tally_json_new(void) { return new tally_json(); }

void tally_json_free(tally_json *json) { delete json; }

uint32_t tally_json_declare(tally_json *json, const void *name, size_t len) {
  return json->block.declare(view(name, len));
}

void tally_json_lend(tally_json *json, void *memory, size_t bytes) { json->block.lend(memory, bytes); }

void tally_json_begin(tally_json *json) { json->block.begin(); }

uint32_t tally_json_open(tally_json *json) { return json->block.open(); }

int32_t tally_json_parameter(tally_json *json, const void *name, size_t name_len, const void *value, size_t len,
                             int32_t is_json) {
  return json->block.parameter(view(name, name_len), view(value, len), is_json != 0);
}

void tally_json_close(tally_json *json, uint32_t node) { json->block.close(node); }

int32_t tally_json_object(tally_json *json, const void *text, size_t len, uint32_t *out_node) {
  return json->block.object(view(text, len), *out_node);
}

void tally_json_trim(tally_json *json, uint32_t node) { json->block.trim(node); }

uint32_t tally_json_text(tally_json *json, const void *text, size_t len) {
  return json->block.add_text(view(text, len));
}

const char *tally_json_block(const tally_json *json) { return json->block.data(); }

const tally_node *tally_json_nodes(const tally_json *json) { return json->block.nodes(); }

tally_key tally_json_name(const tally_json *json, uint32_t key) { return json->block.name(key); }

int32_t tally_json_contains(const tally_json *json, uint32_t id) { return json->block.contains(id); }

void tally_json_reopen(tally_json *json) { json->block.reopen(); }

tally_batch *tally_json_finish(tally_json *json, const tally_item *items, uint32_t n_items, const tally_event *events,
                               uint32_t n_events) {
  return json->block.finish(items, n_items, events, n_events);
}

tally_json_counts tally_json_count(const tally_json *json) { return json->block.counts(); }

int32_t tally_json_number(const void *text, size_t len, double *out_number) {
  return tally::read_number(view(text, len), true, *out_number);
}

}  // extern "C"
