#include "Block.hpp"

#include "Repair.hpp"

namespace tally {

static bool begins_container(std::string_view text) { return !text.empty() && (text[0] == '{' || text[0] == '['); }

static bool is_taken(int32_t outcome) { return outcome == TALLY_JSON_OK || outcome == TALLY_JSON_REPAIRED; }

void Block::begin() {
  block_.clear(TALLY_JSON_KEPT_BYTES_MAX);
  nodes_.clear(TALLY_JSON_KEPT_BYTES_MAX);
  outer_.trim();
  inner_.trim();
  block_.append_zeros(sizeof(tally_batch));
  keys_.begin(block_);
  append_node(0, TALLY_NULL, 0, 0);
}

// ---- Items ----------------------------------------------------------------------------------------------------------

uint32_t Block::open() {
  children_ = 0;
  append_node(0, TALLY_OBJECT, 0, 0);
  return static_cast<uint32_t>(nodes_.size() - 1);
}

void Block::close(uint32_t node) {
  nodes_[node].off = children_;
  nodes_[node].len = static_cast<uint32_t>(nodes_.size() - 1 - node);
}

int32_t Block::parameter(std::string_view name, std::string_view value, bool is_json) {
  uint32_t key = keys_.index(name, block_);
  children_++;
  if (!is_json && !begins_container(value)) {
    append_string(value, key, 1);
    return TALLY_JSON_OK;
  }
  int32_t outcome = parse(outer_, value);
  if (is_taken(outcome)) {
    append(outer_, key, 1, is_json ? 0 : nowhere);
    return outcome;
  }
  Buffer<char> valid;
  append_valid_utf8(value, valid);
  append_string({valid.data(), valid.size()}, key, 1);
  return outcome;
}

int32_t Block::object(std::string_view text, uint32_t &out_node) {
  int32_t outcome = begins_container(text) && text[0] == '{' ? parse(outer_, text) : count(TALLY_JSON_INVALID);
  out_node = static_cast<uint32_t>(nodes_.size());
  if (is_taken(outcome))
    append(outer_, 0, 0, 1);
  else
    close(open());
  return outcome;
}

void Block::trim(uint32_t node) {
  auto is_blank = [this](uint32_t place) {
    return block_[place] == ' ' || (block_[place] >= '\t' && block_[place] <= '\r');
  };
  for (size_t place = node; place < nodes_.size(); place++) {
    tally_node &text = nodes_[place];
    if (text.kind != TALLY_STRING) continue;
    while (text.len > 0 && is_blank(text.off + text.len - 1)) text.len--;
    while (text.len > 0 && is_blank(text.off)) text.off++, text.len--;
  }
}

uint32_t Block::add_text(std::string_view text) {
  uint32_t offset = static_cast<uint32_t>(block_.size());
  block_.append(text.data(), text.size());
  return offset;
}

// ---- From a document to nodes ---------------------------------------------------------------------------------------

int32_t Block::parse(Document &document, std::string_view text) {
  bool is_full = nodes_.size() + TALLY_JSON_TEXT_NODES_MAX > TALLY_JSON_BATCH_NODES_MAX;
  return count(is_full ? TALLY_JSON_LIMIT : document.parse(text));
}

int32_t Block::count(int32_t outcome) {
  if (outcome == TALLY_JSON_REPAIRED) counts_.repaired++;
  if (outcome == TALLY_JSON_INVALID) counts_.invalid++;
  if (outcome == TALLY_JSON_LIMIT) counts_.limited++;
  return outcome;
}

/// One pass over the tape, from front to back. Strings at `expanded_level` that are JSON text are parsed in place.
void Block::append(const Document &document, uint32_t key, uint16_t depth, int expanded_level) {
  Frame open[TALLY_JSON_DEPTH_MAX + 2];
  int level = 0;
  const uint64_t *end = document.end();
  for (const uint64_t *word = document.first(); word < end; word++) {
    char type = static_cast<char>(*word >> 56);
    if (type == '}' || type == ']') {
      Frame &frame = open[--level];
      nodes_[frame.node].off = frame.children;
      nodes_[frame.node].len = static_cast<uint32_t>(nodes_.size() - 1 - frame.node);
      continue;
    }
    if (level > 0) {
      Frame &parent = open[level - 1];
      parent.children++;
      key = parent.is_object ? keys_.index(document.string(*word++ & Document::payload_mask), block_) : 0;
      type = static_cast<char>(*word >> 56);
    }
    uint16_t node_depth = static_cast<uint16_t>(depth + level);
    if (type == '{' || type == '[') {
      open[level++] = {static_cast<uint32_t>(nodes_.size()), 0, type == '{'};
      append_node(key, type == '{' ? TALLY_OBJECT : TALLY_ARRAY, node_depth, 0);
    } else {
      append_scalar(document, word, key, node_depth, level == expanded_level);
      if (type == 'l' || type == 'u' || type == 'd') word++;
    }
  }
}

void Block::append_scalar(const Document &document, const uint64_t *word, uint32_t key, uint16_t depth,
                          bool is_expanded) {
  switch (static_cast<char>(*word >> 56)) {
    case '"': {
      std::string_view text = document.string(*word & Document::payload_mask);
      if (is_expanded && begins_container(text) && is_taken(parse(inner_, text)))
        append(inner_, key, depth, nowhere);
      else
        append_string(text, key, depth);
      break;
    }
    case 'l': append_node(key, TALLY_INT, depth, word[1]); break;
    case 'd': append_node(key, TALLY_DOUBLE, depth, word[1]); break;
    case 'u': {
      double number = static_cast<double>(word[1]);
      uint64_t bits;
      std::memcpy(&bits, &number, sizeof(bits));
      append_node(key, TALLY_DOUBLE, depth, bits);
      break;
    }
    case 't': append_node(key, TALLY_TRUE, depth, 0); break;
    case 'f': append_node(key, TALLY_FALSE, depth, 0); break;
    default: append_node(key, TALLY_NULL, depth, 0); break;
  }
}

void Block::append_node(uint32_t key, uint32_t kind, uint16_t depth, uint64_t bits) {
  nodes_.push({key, static_cast<uint16_t>(kind), depth, 0, 0, bits});
}

void Block::append_string(std::string_view value, uint32_t key, uint16_t depth) {
  uint32_t offset = add_text(value);
  nodes_.push({key, TALLY_STRING, depth, offset, static_cast<uint32_t>(value.size()), 0});
}

// ---- The whole ------------------------------------------------------------------------------------------------------

uint32_t Block::append_table(const void *values, size_t bytes) {
  block_.append_zeros((8 - block_.size() % 8) % 8);
  uint32_t offset = static_cast<uint32_t>(block_.size());
  block_.append(static_cast<const char *>(values), bytes);
  return offset;
}

tally_batch *Block::finish(const tally_item *items, uint32_t n_items, const tally_event *events, uint32_t n_events) {
  text_end_ = block_.size();
  tally_batch batch = {};
  batch.struct_size = sizeof(tally_batch);
  batch.end_item = n_items;
  batch.text_off = sizeof(tally_batch);
  batch.text_len = static_cast<uint32_t>(block_.size() - sizeof(tally_batch));
  batch.n_events = n_events;
  batch.n_nodes = static_cast<uint32_t>(nodes_.size());
  batch.n_keys = static_cast<uint32_t>(keys_.keys().size());
  batch.item_stride = sizeof(tally_item);
  batch.event_stride = sizeof(tally_event);
  batch.node_stride = sizeof(tally_node);
  batch.key_stride = sizeof(tally_key);
  size_t events_bytes = n_events * sizeof(tally_event), items_bytes = n_items * sizeof(tally_item);
  block_.reserve(32 + items_bytes + events_bytes + nodes_.size() * sizeof(tally_node) +
                 keys_.keys().size() * sizeof(tally_key));
  batch.items_off = append_table(items, items_bytes);
  batch.events_off = append_table(events, events_bytes);
  batch.nodes_off = append_table(nodes_.data(), nodes_.size() * sizeof(tally_node));
  batch.keys_off = append_table(keys_.keys().data(), keys_.keys().size() * sizeof(tally_key));
  batch.total_size = static_cast<uint32_t>(block_.size());
  std::memcpy(block_.data(), &batch, sizeof(batch));
  return reinterpret_cast<tally_batch *>(block_.data());
}

}  // namespace tally
