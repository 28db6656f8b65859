#include "KeyTable.hpp"

#include <random>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tally {

/// Names are short: comparing words on the spot is cheaper than a call.
static bool is_same(const char *left, const char *right, size_t length) {
  auto differs = [&](auto word, size_t place) {
    auto other = word;
    std::memcpy(&word, left + place, sizeof(word));
    std::memcpy(&other, right + place, sizeof(other));
    return word != other;
  };
  if (length >= 8) {
    for (size_t place = 0; place + 8 < length; place += 8)
      if (differs(uint64_t(), place)) return false;
    return !differs(uint64_t(), length - 8);
  }
  if (length >= 4) return !differs(uint32_t(), 0) && !differs(uint32_t(), length - 4);
  for (size_t place = 0; place < length; place++)
    if (left[place] != right[place]) return false;
  return true;
}

static std::string_view text_of(const tally_key &key, const Buffer<char> &text) {
  return {text.data() + key.off, key.len};
}

KeyTable::KeyTable() {
  std::random_device random;
  seed_ = static_cast<uint64_t>(random()) << 32 | random();
  interned_keys_.push({0, 0});
}

uint32_t KeyTable::declare(std::string_view name) {
  for (size_t place = 0; place < names_.size(); place++)
    if (names_[place] == name) return static_cast<uint32_t>(place + 1);
  if (names_.size() >= TALLY_JSON_NAMES_MAX || name.empty()) return 0;
  uint32_t offset = static_cast<uint32_t>(sizeof(tally_batch) + interned_text_.size());
  names_.emplace_back(name);
  interned_keys_.push({offset, static_cast<uint32_t>(name.size())});
  interned_text_.append(name.data(), name.size());
  return static_cast<uint32_t>(names_.size());
}

void KeyTable::begin(Buffer<char> &text) {
  text.append(interned_text_.data(), interned_text_.size());
  keys_.clear(TALLY_JSON_KEPT_BYTES_MAX);
  keys_.append(interned_keys_.data(), interned_keys_.size());
  std::memset(seen_, 0, sizeof(seen_));
  if (next_.size() > kept_slots_max) next_.clear(TALLY_JSON_KEPT_BYTES_MAX);
  if (next_.size() < keys_.size()) next_.append_zeros(keys_.size() - next_.size());
  last_ = 0;
  bool is_stale = slots_.empty() || slots_.size() > kept_slots_max || interned_ != keys_.size() ||
                  ++stamp_ == interned_stamp;
  if (!is_stale) return;
  interned_ = static_cast<uint32_t>(keys_.size());
  stamp_ = 1;
  size_t slots = 1024;
  while (slots < keys_.size() * 4) slots *= 2;
  rebuild(slots, text);
}

void KeyTable::rebuild(size_t slots, const Buffer<char> &text) {
  slots_.assign(slots, Slot{0, 0, 0});
  if (slots <= kept_slots_max) slots_.shrink_to_fit();
  for (uint32_t key = 1; key < keys_.size(); key++)
    insert(key, text_of(keys_[key], text), key < interned_ ? interned_stamp : stamp_);
}

void KeyTable::insert(uint32_t key, std::string_view name, uint32_t stamp) {
  uint64_t hash = XXH3_64bits_withSeed(name.data(), name.size(), seed_);
  size_t mask = slots_.size() - 1;
  size_t place = (hash >> 32) & mask;
  while (is_live(slots_[place])) place = (place + 1) & mask;
  slots_[place] = {static_cast<uint32_t>(hash), key, stamp};
}

uint32_t KeyTable::index(std::string_view name, Buffer<char> &text) {
  uint32_t key = next_[last_];
  if (key == 0 || key >= keys_.size() || !is(key, name, text)) {
    key = find(name, text);
    next_[last_] = key;
  }
  if (key < interned_) seen_[key / 64] |= uint64_t(1) << (key % 64);
  last_ = key;
  return key;
}

bool KeyTable::is(uint32_t key, std::string_view name, const Buffer<char> &text) const {
  const tally_key &known = keys_[key];
  return known.len == name.size() && is_same(text.data() + known.off, name.data(), name.size());
}

/// The index of a name by its hash; a new one is appended.
uint32_t KeyTable::find(std::string_view name, Buffer<char> &text) {
  uint64_t hash = XXH3_64bits_withSeed(name.data(), name.size(), seed_);
  uint32_t tag = static_cast<uint32_t>(hash);
  size_t mask = slots_.size() - 1;
  size_t place = (hash >> 32) & mask;
  for (; is_live(slots_[place]); place = (place + 1) & mask) {
    const Slot &slot = slots_[place];
    if (slot.tag == tag && is(slot.key, name, text)) return slot.key;
  }
  uint32_t key = static_cast<uint32_t>(keys_.size());
  keys_.push({static_cast<uint32_t>(text.size()), static_cast<uint32_t>(name.size())});
  text.append(name.data(), name.size());
  if (next_.size() < keys_.size()) next_.push(0);
  slots_[place] = {tag, key, stamp_};
  if (keys_.size() * 4 > slots_.size() * 3) rebuild(slots_.size() * 2, text);
  return key;
}

bool KeyTable::contains(uint32_t id) const {
  return id < interned_ && (seen_[id / 64] >> (id % 64) & 1) != 0;
}

}  // namespace tally
