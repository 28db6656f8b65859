import Glibc

/// The calls whose failure the journal must survive, as values, so that tests can make them fail.
/// Each answers 0 or the error number.
package struct FileOperations: Sendable {
  /// Writes all bytes at the offset.
  package var write: @Sendable (Int32, UnsafeRawBufferPointer, Int) -> Int32
  /// Makes the file's data durable.
  package var sync: @Sendable (Int32) -> Int32
  /// Cuts the file at the offset.
  package var truncate: @Sendable (Int32, Int) -> Int32
  /// Makes the names in the folder durable.
  package var syncDirectory: @Sendable (String) -> Int32
  /// Free bytes of the file system that holds the folder; nil when it cannot be asked.
  package var freeBytes: @Sendable (String) -> Int?

  package init(
    write: @escaping @Sendable (Int32, UnsafeRawBufferPointer, Int) -> Int32,
    sync: @escaping @Sendable (Int32) -> Int32,
    truncate: @escaping @Sendable (Int32, Int) -> Int32,
    syncDirectory: @escaping @Sendable (String) -> Int32,
    freeBytes: @escaping @Sendable (String) -> Int?
  ) {
    self.write = write
    self.sync = sync
    self.truncate = truncate
    self.syncDirectory = syncDirectory
    self.freeBytes = freeBytes
  }

  /// The machine's own.
  package static let posix = FileOperations(
    write: { writeAll($0, $1, at: $2) },
    sync: { fdatasync($0) == 0 ? 0 : errno },
    truncate: { ftruncate($0, $1) == 0 ? 0 : errno },
    syncDirectory: { syncFolder($0) },
    freeBytes: { free(in: $0) })

  private static func writeAll(
    _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int
  ) -> Int32 {
    var written = 0
    while written < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written,
        offset + written)
      if count > 0 {
        written += count
      } else if count == 0 {
        return ENOSPC
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }

  private static func syncFolder(_ path: String) -> Int32 {
    let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return errno }
    defer { Glibc.close(descriptor) }
    return Glibc.fsync(descriptor) == 0 ? 0 : errno
  }

  private static func free(in path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }
}
