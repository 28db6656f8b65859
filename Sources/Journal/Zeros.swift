import Glibc

/// The bytes that segments are filled with.
enum Zeros {
  static let count = 256 << 10
  nonisolated(unsafe) private static let block = UnsafeRawBufferPointer(
    UnsafeMutableRawBufferPointer.allocateZeroed(byteCount: count))

  /// Fills the range and syncs; answers 0 or the error number.
  static func write(to descriptor: Int32, _ range: Range<Int>, files: FileOperations) -> Int32 {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let part = UnsafeRawBufferPointer(rebasing: block[..<min(count, range.upperBound - offset)])
      let failure = files.write(descriptor, part, offset)
      guard failure == 0 else { return failure }
      offset += part.count
    }
    return files.sync(descriptor)
  }

  /// Whether all of the bytes are zero.
  static func fill(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let base = bytes.baseAddress, let zeros = block.baseAddress else { return true }
    var offset = 0
    while offset < bytes.count {
      let part = min(count, bytes.count - offset)
      guard memcmp(base.advanced(by: offset), zeros, part) == 0 else { return false }
      offset += part
    }
    return true
  }
}

extension UnsafeMutableRawBufferPointer {
  fileprivate static func allocateZeroed(byteCount: Int) -> UnsafeMutableRawBufferPointer {
    let bytes = allocate(byteCount: byteCount, alignment: 4096)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    return bytes
  }
}
