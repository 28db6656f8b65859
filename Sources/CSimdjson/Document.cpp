#include "Document.hpp"

#include <exception>

#include "Repair.hpp"

namespace tally {

/// simdjson counts a container that is not empty at this level and refuses it.
static constexpr size_t depth_refused = TALLY_JSON_DEPTH_MAX + 1;

static bool is_repairable(simdjson::error_code error) {
  return error == simdjson::STRING_ERROR || error == simdjson::NUMBER_ERROR || error == simdjson::UTF8_ERROR;
}

/// Whether a text has more separators than values are taken: found out before a parser's memory is spent on it. What is
/// no JSON may be judged either way; it is refused later if not here.
static bool has_too_many_separators(std::string_view text) {
  if (text.size() <= TALLY_JSON_TEXT_NODES_MAX) return false;
  size_t separators = 0;
  bool in_string = false;
  for (size_t place = 0; place < text.size(); place++) {
    char byte = text[place];
    if (byte == '"') in_string = !in_string;
    if (!in_string && (byte == ',' || byte == ':')) separators++;
    if (in_string && byte == '\\') place++;
  }
  return separators > TALLY_JSON_TEXT_NODES_MAX;
}

int32_t Document::parse(std::string_view text) {
  if (has_too_many_separators(text)) return TALLY_JSON_LIMIT;
  padded_.truncate(0);
  padded_.append(text.data(), text.size());
  simdjson::error_code error = parse_once(text, padded_);
  int32_t outcome = TALLY_JSON_OK;
  if (is_repairable(error)) {
    repaired_.truncate(0);
    append_repaired_json(text, repaired_);
    error = parse_once({repaired_.data(), repaired_.size()}, repaired_);
    outcome = TALLY_JSON_REPAIRED;
  }
  if (error == simdjson::DEPTH_ERROR) return TALLY_JSON_LIMIT;
  if (error != simdjson::SUCCESS) return TALLY_JSON_INVALID;
  return has_too_many_values() ? TALLY_JSON_LIMIT : outcome;
}

bool Document::has_too_many_values() const {
  // Every value has at least one word, and most texts are far from the limit.
  if (static_cast<size_t>(end() - first()) <= TALLY_JSON_TEXT_NODES_MAX) return false;
  size_t values = 0;
  for (const uint64_t *word = first(); word < end(); word++) {
    char type = static_cast<char>(*word >> 56);
    if (type == 'l' || type == 'u' || type == 'd') word++;
    // Names are counted too: telling them from strings is not worth it here.
    if (type != '}' && type != ']') values++;
  }
  return values > TALLY_JSON_TEXT_NODES_MAX;
}

simdjson::error_code Document::parse_once(std::string_view text, Buffer<char> &padded) {
  std::memset(padded.reserve(simdjson::SIMDJSON_PADDING), ' ', simdjson::SIMDJSON_PADDING);
  make_room(text.size());
  auto bytes = reinterpret_cast<const uint8_t *>(padded.data());
  return parser_->parse_into_document(document_, bytes, text.size(), false).error();
}

void Document::make_room(size_t length) {
  if (parser_ == nullptr) parser_ = std::make_unique<simdjson::dom::parser>();
  if (parser_->capacity() >= length && document_.capacity() >= length && parser_->capacity() > 0) return;
  size_t capacity = 4096;
  while (capacity < length) capacity *= 2;
  if (parser_->allocate(capacity, depth_refused) != simdjson::SUCCESS ||
      document_.allocate(capacity) != simdjson::SUCCESS)
    std::terminate();
}

void Document::trim() {
  padded_.clear(TALLY_JSON_KEPT_BYTES_MAX);
  repaired_.clear(TALLY_JSON_KEPT_BYTES_MAX);
  // A tape needs at most eight bytes for each of the text.
  if (document_.capacity() * sizeof(uint64_t) <= TALLY_JSON_KEPT_BYTES_MAX) return;
  parser_ = nullptr;
  document_ = simdjson::dom::document();
}

}  // namespace tally
