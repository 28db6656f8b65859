import Glibc

/// A file read through a window that slides: bounded memory for files of any size.
final class FileWindow {
  static let windowBytes = 1 << 20

  let path: String
  let size: Int
  private let descriptor: Int32
  private var buffer: UnsafeMutableRawBufferPointer
  private var held = 0..<0

  init(path: String) throws(JournalError) {
    self.path = path
    descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    buffer = .allocate(byteCount: Self.windowBytes, alignment: 4096)
    guard descriptor >= 0 else {
      size = 0
      throw .disk("open", path, errno)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      size = 0
      throw .disk("examine", path, errno)
    }
    size = Int(status.st_size)
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
    buffer.deallocate()
  }

  /// The bytes of a range inside the file; valid until the next call.
  func bytes(_ range: Range<Int>) throws(JournalError) -> UnsafeRawBufferPointer {
    precondition(range.upperBound <= size, "read beyond the end of \(path)")
    if range.lowerBound < held.lowerBound || range.upperBound > held.upperBound {
      try load(range)
    }
    let start = range.lowerBound - held.lowerBound
    return UnsafeRawBufferPointer(rebasing: buffer[start..<start + range.count])
  }

  /// The largest piece that begins at `offset` and is cheap to get.
  func piece(at offset: Int) throws(JournalError) -> UnsafeRawBufferPointer {
    try bytes(offset..<min(offset + Self.windowBytes, size))
  }

  private func load(_ range: Range<Int>) throws(JournalError) {
    if range.count > buffer.count {
      buffer.deallocate()
      buffer = .allocate(byteCount: range.count, alignment: 4096)
    }
    held = range.lowerBound..<range.lowerBound
    let wanted = min(buffer.count, size - range.lowerBound)
    while held.count < wanted {
      let count = pread(
        descriptor, buffer.baseAddress?.advanced(by: held.count), wanted - held.count,
        held.upperBound)
      if count > 0 {
        held = held.lowerBound..<held.upperBound + count
      } else if count == 0 {
        throw JournalError(.disk, "\(path) became shorter while it was read")
      } else if errno != EINTR {
        throw .disk("read", path, errno)
      }
    }
  }
}
