#include "Repair.hpp"

#include <simdjson.h>

#include <charconv>
#include <cstdint>
#include <limits>

namespace tally {

// ---- UTF-8 ----------------------------------------------------------------------------------------------------------

namespace {

/// How long a character is that begins with `lead`, and what its second byte may be; 0 for a byte that begins none.
struct Lead {
  uint32_t length;
  uint8_t low, high;
};

Lead lead_of(uint8_t lead) {
  if (lead < 0x80) return {1, 0, 0};
  if (lead < 0xC2) return {0, 0, 0};
  if (lead < 0xE0) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead < 0xF0) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead < 0xF4) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

/// How many of the first bytes form one character (`is_whole`) or the longest beginning of one.
size_t character_length(std::string_view text, bool &is_whole) {
  Lead lead = lead_of(static_cast<uint8_t>(text[0]));
  is_whole = lead.length == 1;
  if (lead.length <= 1 || text.size() < 2) return 1;
  uint8_t second = static_cast<uint8_t>(text[1]);
  if (second < lead.low || second > lead.high) return 1;
  size_t length = 2;
  while (length < lead.length && length < text.size() && (static_cast<uint8_t>(text[length]) & 0xC0) == 0x80) length++;
  is_whole = length == lead.length;
  return length;
}

}  // namespace

void append_valid_utf8(std::string_view text, Buffer<char> &out) {
  while (!text.empty()) {
    bool is_whole = false;
    size_t length = character_length(text, is_whole);
    if (is_whole)
      out.append(text.data(), length);
    else
      out.append("\xEF\xBF\xBD", 3);
    text.remove_prefix(length);
  }
}

// ---- Numbers --------------------------------------------------------------------------------------------------------

namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

/// The parts of a number, checked by JSON's grammar or by the looser one of forms: "+1", "007", ".5" and "5." too.
struct NumberText {
  std::string_view whole, fraction;
  int64_t exponent = 0;

  /// The text behind the sign; the sign is the caller's.
  bool read(std::string_view text, bool is_loose) {
    size_t place = 0;
    whole = digits(text, place);
    bool has_point = place < text.size() && text[place] == '.';
    if (has_point) fraction = digits(text, ++place);
    bool is_strict = !whole.empty() && (whole.size() == 1 || whole[0] != '0') && has_point == !fraction.empty();
    if (!is_strict && !(is_loose && !(whole.empty() && fraction.empty()))) return false;
    if (place == text.size()) return true;
    return (text[place] == 'e' || text[place] == 'E') && read_exponent(text.substr(place + 1));
  }

  /// Whether the number is one or more.
  bool is_large() const {
    size_t first = whole.find_first_not_of('0');
    if (first != std::string_view::npos) return static_cast<int64_t>(whole.size() - first) + exponent > 0;
    first = fraction.find_first_not_of('0');
    return first != std::string_view::npos && exponent > static_cast<int64_t>(first);
  }

 private:
  /// No text is long enough to make up for an exponent beyond this.
  static constexpr int64_t exponent_max = int64_t(1) << 40;

  static std::string_view digits(std::string_view text, size_t &place) {
    size_t start = place;
    while (place < text.size() && is_digit(text[place])) place++;
    return text.substr(start, place - start);
  }

  bool read_exponent(std::string_view text) {
    size_t place = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    std::string_view value = digits(text, place);
    for (char digit : value)
      if (exponent < exponent_max) exponent = exponent * 10 + (digit - '0');
    if (text.size() > value.size() && text[0] == '-') exponent = -exponent;
    return !value.empty() && place == text.size();
  }
};

}  // namespace

bool read_number(std::string_view text, bool is_loose, double &number) {
  bool is_negative = !text.empty() && text[0] == '-';
  if (is_negative || (is_loose && !text.empty() && text[0] == '+')) text.remove_prefix(1);
  NumberText parts;
  if (!parts.read(text, is_loose)) return false;
  auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  // Out of range is too large or too small.
  if (result.ec == std::errc::result_out_of_range)
    number = parts.is_large() ? std::numeric_limits<double>::max() : 0;
  if (is_negative) number = -number;
  return true;
}

// ---- JSON text ------------------------------------------------------------------------------------------------------

namespace {

/// Walks JSON text, copying.
class Repair {
 public:
  Repair(std::string_view text, Buffer<char> &out) : text_(text), out_(out) {}

  void run() {
    while (place_ < text_.size()) {
      char byte = text_[place_];
      if (byte == '"')
        string();
      else if (byte == '-' || is_digit(byte))
        number();
      else
        take(1);
    }
  }

 private:
  void take(size_t count) {
    out_.append(text_.data() + place_, count);
    place_ += count;
  }

  void string() {
    take(1);
    while (place_ < text_.size()) {
      size_t end = place_;
      while (end < text_.size() && text_[end] != '"' && text_[end] != '\\') end++;
      take(end - place_);
      if (place_ == text_.size()) return;
      if (text_[place_] == '"') return take(1);
      escape();
    }
  }

  void escape() {
    int32_t unit = code_unit(place_);
    if (unit < 0xD800 || unit > 0xDFFF) return take(place_ + 1 < text_.size() ? 2 : 1);
    if (unit < 0xDC00) {
      int32_t next = code_unit(place_ + 6);
      if (next >= 0xDC00 && next <= 0xDFFF) return take(12);
    }
    out_.append("\xEF\xBF\xBD", 3);
    place_ += 6;
  }

  /// The value of the escape "\uXXXX" at a place, or -1 when none stands there.
  int32_t code_unit(size_t place) const {
    if (place + 6 > text_.size() || text_[place] != '\\' || text_[place + 1] != 'u') return -1;
    uint32_t unit = 0;
    auto result = std::from_chars(text_.data() + place + 2, text_.data() + place + 6, unit, 16);
    bool is_whole = result.ec == std::errc() && result.ptr == text_.data() + place + 6;
    return is_whole ? static_cast<int32_t>(unit) : -1;
  }

  void number() {
    size_t end = place_ + 1;
    bool is_whole = true;
    for (; end < text_.size(); end++) {
      char byte = text_[end];
      bool is_part = byte == '.' || byte == 'e' || byte == 'E' || byte == '+' || byte == '-';
      if (!is_part && !is_digit(byte)) break;
      is_whole = is_whole && !is_part;
    }
    // Shorter whole numbers fit in 64 bits and are kept exact.
    double value = 0;
    std::string_view text = text_.substr(place_, end - place_);
    if ((is_whole && text.size() < 19) || fits_integer(text) || !read_number(text, false, value))
      return take(text.size());
    char digits[32];
    auto result = std::to_chars(digits, digits + sizeof(digits), value, std::chars_format::scientific);
    out_.append(digits, static_cast<size_t>(result.ptr - digits));
    place_ = end;
  }

  static bool fits_integer(std::string_view text) {
    int64_t number = 0;
    uint64_t positive = 0;
    const char *end = text.data() + text.size();
    auto result = std::from_chars(text.data(), end, number);
    if (result.ec == std::errc() && result.ptr == end) return true;
    result = std::from_chars(text.data(), end, positive);
    return result.ec == std::errc() && result.ptr == end;
  }

  std::string_view text_;
  Buffer<char> &out_;
  size_t place_ = 0;
};

}  // namespace

void append_repaired_json(std::string_view text, Buffer<char> &out) {
  if (simdjson::validate_utf8(text.data(), text.size())) return Repair(text, out).run();
  Buffer<char> valid;
  append_valid_utf8(text, valid);
  Repair({valid.data(), valid.size()}, out).run();
}

}  // namespace tally
