#ifndef TALLY_BLOCK_HPP
#define TALLY_BLOCK_HPP

#include <string_view>

#include "Buffer.hpp"
#include "CSimdjson.h"
#include "Document.hpp"
#include "KeyTable.hpp"

namespace tally {

/// The block under construction. Text is written where it will stay, behind the header; everything else is laid out
/// behind the text by `finish`.
class Block {
 public:
  uint32_t declare(std::string_view name) { return keys_.declare(name); }
  void lend(void *memory, size_t bytes) { block_.lend(memory, bytes); }
  void begin();

  uint32_t open();
  int32_t parameter(std::string_view name, std::string_view value, bool is_json);
  void close(uint32_t node);
  int32_t object(std::string_view text, uint32_t &out_node);
  void trim(uint32_t node);
  uint32_t add_text(std::string_view text);

  /// Takes the tables off the text again.
  void reopen() { block_.truncate(text_end_); }
  tally_batch *finish(const tally_item *items, uint32_t n_items, const tally_event *events, uint32_t n_events);

  const char *data() const { return block_.data(); }
  const tally_node *nodes() const { return nodes_.data(); }
  tally_key name(uint32_t key) const { return keys_.keys()[key]; }
  bool contains(uint32_t id) const { return keys_.contains(id); }
  const tally_json_counts &counts() const { return counts_; }

 private:
  /// A container whose children are being appended.
  struct Frame {
    uint32_t node;
    uint32_t children;
    bool is_object;
  };

  /// Strings of no level are parsed in place.
  static constexpr int nowhere = -1;

  int32_t parse(Document &document, std::string_view text);
  int32_t count(int32_t outcome);
  void append(const Document &document, uint32_t key, uint16_t depth, int expanded_level);
  void append_scalar(const Document &document, const uint64_t *word, uint32_t key, uint16_t depth, bool is_expanded);
  void append_node(uint32_t key, uint32_t kind, uint16_t depth, uint64_t bits);
  void append_string(std::string_view value, uint32_t key, uint16_t depth);
  uint32_t append_table(const void *values, size_t bytes);

  /// The block: header and text, at the end everything.
  Buffer<char> block_;
  Buffer<tally_node> nodes_;
  KeyTable keys_;
  /// The text of an item or parameter, and one inside a string of it.
  Document outer_, inner_;
  uint32_t children_ = 0;
  /// Where the tables begin in a block that is complete.
  size_t text_end_ = 0;
  tally_json_counts counts_ = {};
};

}  // namespace tally

#endif
