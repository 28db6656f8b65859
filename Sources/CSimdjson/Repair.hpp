#ifndef TALLY_REPAIR_HPP
#define TALLY_REPAIR_HPP

#include <string_view>

#include "Buffer.hpp"

namespace tally {

/// Appends text with each ill-formed UTF-8 sequence replaced by U+FFFD, as browsers do it: one for every longest
/// beginning of a character.
void append_valid_utf8(std::string_view text, Buffer<char> &out);

/// Appends JSON text with everything mended that JSON.parse takes and simdjson refuses: half surrogate pairs become
/// U+FFFD, numbers beyond its types the nearest finite double; and bytes that are no UTF-8 become U+FFFD. All else is
/// left as it is, right or wrong.
void append_repaired_json(std::string_view text, Buffer<char> &out);

/// The nearest finite double of a text that is one number as a whole, by JSON's grammar or, `is_loose`, also with a
/// leading '+', leading zeros, or no digits on one side of the point. False for every other text.
bool read_number(std::string_view text, bool is_loose, double &number);

}  // namespace tally

#endif
