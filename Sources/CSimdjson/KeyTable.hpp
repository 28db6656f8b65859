#ifndef TALLY_KEY_TABLE_HPP
#define TALLY_KEY_TABLE_HPP

#include <string>
#include <string_view>
#include <vector>

#include "Buffer.hpp"
#include "CSimdjson.h"

namespace tally {

/// The member names of a batch. Interned names have the same index in every batch; the others follow behind.
///
/// Open addressing, each slot stamped with the batch it was filled in, so that a new batch costs nothing to empty it.
/// The hash has a seed of this process: clients choose the names.
class KeyTable {
 public:
  KeyTable();

  /// The id of an interned name, from the next `begin` on its index; 0 when there are too many.
  uint32_t declare(std::string_view name);

  /// Begins a batch, writing the interned names to the front of its text.
  void begin(Buffer<char> &text);

  /// The index of a name; a new one is appended to the text.
  uint32_t index(std::string_view name, Buffer<char> &text);

  /// Whether an interned name was asked for since `begin`.
  bool contains(uint32_t id) const;

  const Buffer<tally_key> &keys() const { return keys_; }

 private:
  struct Slot {
    uint32_t tag;
    uint32_t key;
    uint32_t stamp;
  };

  static constexpr size_t kept_slots_max = 1u << 16;
  /// Slots of interned names never go stale.
  static constexpr uint32_t interned_stamp = UINT32_MAX;

  bool is(uint32_t key, std::string_view name, const Buffer<char> &text) const;
  uint32_t find(std::string_view name, Buffer<char> &text);
  void rebuild(size_t slots, const Buffer<char> &text);
  void insert(uint32_t key, std::string_view name, uint32_t stamp);
  bool is_live(const Slot &slot) const { return slot.stamp == stamp_ || slot.stamp == interned_stamp; }

  uint64_t seed_;
  std::vector<std::string> names_;
  /// The interned names of this batch are keys_[1 ..< interned_]; later ones wait for the next.
  uint32_t interned_ = 1;
  uint32_t stamp_ = 0;
  std::vector<Slot> slots_;
  Buffer<tally_key> keys_;
  Buffer<char> interned_text_;
  Buffer<tally_key> interned_keys_;
  /// By key, which one came behind it last: requests name the same members in the same order, so that most names need
  /// no hash.
  Buffer<uint32_t> next_;
  uint32_t last_ = 0;
  uint64_t seen_[(TALLY_JSON_NAMES_MAX + 1) / 64] = {};
};

}  // namespace tally

#endif
