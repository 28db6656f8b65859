#ifndef TALLY_DOCUMENT_HPP
#define TALLY_DOCUMENT_HPP

#include <simdjson.h>

#include <memory>
#include <string_view>

#include "Buffer.hpp"
#include "CSimdjson.h"

namespace tally {

/// One parsed JSON text: simdjson's DOM as its flat tape, in memory that is used again.
class Document {
 public:
  /// Parses a text, mended if need be; TALLY_JSON_...
  int32_t parse(std::string_view text);

  /// Gives memory beyond what is kept back.
  void trim();

  /// The tape without its first and last word, which stand for the document itself.
  const uint64_t *first() const { return document_.tape.get() + 1; }
  const uint64_t *end() const { return document_.tape.get() + (document_.tape[0] & payload_mask) - 1; }

  /// The string at an offset of a tape word.
  std::string_view string(uint64_t offset) const {
    const uint8_t *at = document_.string_buf.get() + offset;
    uint32_t length;
    std::memcpy(&length, at, sizeof(length));
    return {reinterpret_cast<const char *>(at + sizeof(length)), length};
  }

  static constexpr uint64_t payload_mask = (uint64_t(1) << 56) - 1;

 private:
  simdjson::error_code parse_once(std::string_view text, Buffer<char> &padded);
  bool has_too_many_values() const;
  void make_room(size_t length);

  std::unique_ptr<simdjson::dom::parser> parser_;
  simdjson::dom::document document_;
  Buffer<char> padded_;
  Buffer<char> repaired_;
};

}  // namespace tally

#endif
