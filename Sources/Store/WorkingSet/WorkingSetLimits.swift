/// What bounds the working set.
package struct WorkingSetLimits: Sendable {
  /// Bytes of users, cells, series and documents that are kept. What is not committed stays in any case.
  package var cacheBytesMax = 64 << 20
  /// How much of that is kept when room must be made.
  package var keptShare = 0.9

  package init() {}

  package init(cacheBytesMax: Int) {
    self.cacheBytesMax = cacheBytesMax
  }
}
