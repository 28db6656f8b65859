/// Taking structs over from a plugin that may have been built with another minor of the header.
enum Incoming {
  /// Bytes beyond which a `struct_size` is garbage.
  static let structBytesMax = 4_096

  /// Why a struct was not taken over.
  struct Refusal: Error {
    let reason: String
  }

  /// A copy of a struct that begins with its size. Shorter than 1.0 made it is a mistake; a longer
  /// one is taken when what this host does not know is zero.
  static func copy<T: BitwiseCopyable>(
    _ pointer: UnsafePointer<T>?, _ name: String
  ) throws(Refusal) -> T {
    guard let pointer else { throw Refusal(reason: "\(name) is NULL") }
    let raw = UnsafeRawPointer(pointer)
    let size = Int(raw.loadUnaligned(as: UInt32.self))
    let known = MemoryLayout<T>.size
    guard size >= known, size <= structBytesMax else {
      throw Refusal(
        reason: "\(name).struct_size is \(size), need \(known); set it to sizeof(\(name))")
    }
    guard isZero(UnsafeRawBufferPointer(start: raw + known, count: size - known)) else {
      throw Refusal(
        reason: "\(name) has \(size) bytes with data behind the \(known) this host knows; "
          + "update Tally")
    }
    return raw.loadUnaligned(as: T.self)
  }

  /// Copies of an array whose elements begin with their size, walked by the size of the first.
  static func array<T: BitwiseCopyable>(
    _ start: UnsafePointer<T>?, count: UInt32, _ name: String
  ) throws(Refusal) -> [T] {
    guard let start, count > 0 else { return [] }
    let stride = Int(UnsafeRawPointer(start).loadUnaligned(as: UInt32.self))
    var result: [T] = []
    for place in 0..<Int(count) {
      let element = UnsafeRawPointer(start) + place * stride
      result.append(try copy(element.assumingMemoryBound(to: T.self), name))
    }
    return result
  }

  private static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.allSatisfy { $0 == 0 }
  }
}
