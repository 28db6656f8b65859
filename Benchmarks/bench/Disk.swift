import Glibc
import Harness

/// What the disk itself can do, measured in the folder the servers use.
enum Disk {
  private static let writes = 400
  private static let bytesPerWrite = 300
  private static let fileBytes = 1 << 20

  /// Median microseconds of one small overwrite in a filled file and its fdatasync.
  static func syncMicroseconds(folder: String) throws -> Double {
    let path = folder + "/tally-bench-sync"
    try Files.write([UInt8](repeating: 1, count: fileBytes), to: path)
    defer { Files.remove(path) }
    let file = open(path, O_WRONLY)
    guard file >= 0 else { throw HarnessError("cannot open \(path)") }
    defer { close(file) }
    fsync(file)
    let bytes = [UInt8](repeating: 2, count: bytesPerWrite)
    let times = (0..<writes).map { number -> Double in
      let start = Clock.now
      pwrite(file, bytes, bytes.count, off_t(number * bytesPerWrite))
      fdatasync(file)
      return (Clock.now - start) * 1e6
    }
    return times.median
  }

  /// Bytes that raw rows and counters take on the disk; the journal's files are reused.
  static func bytesOfStore(_ folder: String) -> Double {
    Files.tree(folder).filter { !$0.hasPrefix("journal/") }.map { name in
      var status = stat()
      return lstat(folder + "/" + name, &status) == 0 ? Double(status.st_blocks) * 512 : 0
    }.reduce(0, +)
  }
}

extension [Double] {
  var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}
