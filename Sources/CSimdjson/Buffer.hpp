#ifndef TALLY_BUFFER_HPP
#define TALLY_BUFFER_HPP

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>

namespace tally {

/// A growing array of plain values in memory that stays uninitialised behind `size`, aligned to 16. There is no server
/// without memory: running out ends the process, as it does everywhere else.
template <typename T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer() { release(); }

  /// Has the values lie in memory of somebody else, which must outlive the array, whenever they fit.
  void lend(void *memory, size_t bytes) {
    release();
    values_ = lent_ = static_cast<T *>(memory);
    capacity_ = lent_capacity_ = bytes / sizeof(T);
    size_ = 0;
  }

  T *data() { return values_; }
  const T *data() const { return values_; }
  size_t size() const { return size_; }
  T &operator[](size_t place) { return values_[place]; }
  const T &operator[](size_t place) const { return values_[place]; }

  /// Empties the array; memory beyond `kept_bytes` is given back.
  void clear(size_t kept_bytes) {
    size_ = 0;
    if (lent_ == nullptr && capacity_ * sizeof(T) <= kept_bytes) return;
    release();
    values_ = lent_;
    capacity_ = lent_capacity_;
  }

  void truncate(size_t size) { size_ = size; }

  /// Room for `count` more values, and where they go.
  T *reserve(size_t count) {
    if (capacity_ - size_ < count) grow(count);
    return values_ + size_;
  }

  void push(const T &value) {
    *reserve(1) = value;
    size_++;
  }

  /// Appends values from elsewhere; the source may not lie in this array.
  void append(const void *values, size_t count) {
    if (count == 0) return;
    std::memcpy(static_cast<void *>(reserve(count)), values, count * sizeof(T));
    size_ += count;
  }

  void append_zeros(size_t count) {
    std::memset(static_cast<void *>(reserve(count)), 0, count * sizeof(T));
    size_ += count;
  }

 private:
  void grow(size_t count) {
    size_t capacity = capacity_ * 2 < 1024 ? 1024 : capacity_ * 2;
    if (capacity < size_ + count) capacity = size_ + count;
    bool is_lent = values_ == lent_;
    void *values = std::realloc(is_lent ? nullptr : static_cast<void *>(values_), capacity * sizeof(T));
    if (values == nullptr) std::terminate();
    if (is_lent && size_ > 0) std::memcpy(values, static_cast<void *>(values_), size_ * sizeof(T));
    values_ = static_cast<T *>(values);
    capacity_ = capacity;
  }

  void release() {
    if (values_ != lent_) std::free(values_);
  }

  T *values_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  T *lent_ = nullptr;
  size_t lent_capacity_ = 0;
};

}  // namespace tally

#endif
