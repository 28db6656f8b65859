import Glibc
import Synchronization

/// Whether the disk is under its reserve. Asked for every entry, so the file system is asked at
/// most four times a second.
final class DiskSpace: Sendable {
  private static let ageMaxMilliseconds: Int64 = 250

  private let directory: String
  private let reserveBytes: Int
  private let files: FileOperations
  private let askedMilliseconds = Atomic<Int64>(.min)
  private let low = Atomic<Bool>(false)

  init(directory: String, reserveBytes: Int, files: FileOperations) {
    self.directory = directory
    self.reserveBytes = reserveBytes
    self.files = files
  }

  func isLow() -> Bool {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
    let now = Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    let asked = askedMilliseconds.load(ordering: .relaxed)
    if asked == .min || now - asked >= Self.ageMaxMilliseconds,
      askedMilliseconds.compareExchange(expected: asked, desired: now, ordering: .relaxed).exchanged
    {
      // A file system that cannot say is not one that is full.
      low.store((files.freeBytes(directory) ?? .max) < reserveBytes, ordering: .relaxed)
    }
    return low.load(ordering: .relaxed)
  }
}
