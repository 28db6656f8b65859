/// What bounds the working set.
package struct WorkingSetLimits: Sendable {
  /// Bytes of users, cells, series and documents that are kept. What is not committed stays in any
  /// case.
  package var cacheBytesMax: Int
  /// How much of that is kept when room must be made.
  package var keptShare = 0.9
  /// Bytes of users that may have cells in the log; 0: cells go to their place at once.
  package var unsweptBytesMax: Int
  /// Flushes after which the log is swept in any case: it is what a restart after a crash must work
  /// off.
  package var unsweptFlushesMax = 256
  /// Bytes logged after which it is swept; the log takes about twice this room.
  package var loggedBytesMax = 96 << 20
  /// Flushes over which a sweep is spread.
  package var sweepFlushes = 8

  package init(cacheBytesMax: Int = 96 << 20) {
    self.cacheBytesMax = cacheBytesMax
    unsweptBytesMax = cacheBytesMax / 4 * 3
  }
}
