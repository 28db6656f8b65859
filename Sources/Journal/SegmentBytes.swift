import Glibc

extension UnsafeRawBufferPointer {
  /// Where the byte stands first.
  func offset(of byte: UInt8) -> Int? {
    guard let baseAddress, let hit = memchr(baseAddress, Int32(byte), count) else { return nil }
    return UnsafeRawPointer(hit) - baseAddress
  }
}
