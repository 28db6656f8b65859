import Glibc

/// A trimmed segment whose file will be used again, once it holds nothing but zeros.
///
/// Its blocks are allotted and its pages are in memory: to make a new file instead costs several
/// times what the entries themselves cost to write.
final class SpareSegment: @unchecked Sendable {
  /// What is kept of a journal's past; more is deleted.
  static let countMax = 4

  let path: String
  let descriptor: Int32
  /// Guarded by the filler's lock: zeros are on disk up to here.
  var cleaned = 0

  /// Opens a file that no longer has a segment's name; nil when it is not worth keeping: longer than
  /// a segment, or it cannot be opened.
  init?(path: String, segmentBytes: Int) {
    let opened = Glibc.open(path, O_RDWR | O_CLOEXEC)
    guard opened >= 0 else { return nil }
    self.path = path
    descriptor = opened
    var status = stat()
    guard fstat(opened, &status) == 0, status.st_size <= segmentBytes else { return nil }
  }

  deinit { Glibc.close(descriptor) }
}
