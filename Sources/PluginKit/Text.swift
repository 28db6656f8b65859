import PluginABI

/// UTF-8 text somewhere in memory. Borrowed: valid as long as the call it came with, or, from a
/// string literal, for ever. Comparing compares bytes and allocates nothing.
public struct Text: Equatable, ExpressibleByStringLiteral {
  @usableFromInline let base: UnsafeRawPointer?
  /// Bytes.
  public let count: Int

  /// `count` bytes of UTF-8 at `base`.
  @inlinable public init(_ base: UnsafeRawPointer?, count: Int) {
    self.base = base
    self.count = base == nil ? 0 : count
  }

  /// A text as the contract passes it.
  @inlinable public init(_ abi: tally_str) {
    self.init(UnsafeRawPointer(abi.ptr), count: Int(abi.len))
  }

  /// A constant.
  @inlinable public init(stringLiteral value: StaticString) {
    self.init(UnsafeRawPointer(value.utf8Start), count: value.utf8CodeUnitCount)
  }

  /// The text as the contract passes it.
  @inlinable public var abi: tally_str {
    tally_str(ptr: base?.assumingMemoryBound(to: CChar.self), len: UInt64(count))
  }

  @inlinable public var isEmpty: Bool { count == 0 }

  /// The bytes.
  @inlinable public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: count)
  }

  /// The byte at that place, which must be inside the text.
  @inlinable public subscript(place: Int) -> UInt8 {
    precondition(place >= 0 && place < count, "a byte outside the text")
    guard let base else { return 0 }
    return base.load(fromByteOffset: place, as: UInt8.self)
  }

  /// From `start` on; empty when the text is shorter.
  @inlinable public func dropFirst(_ start: Int) -> Text {
    start >= count ? Text(nil, count: 0) : Text(base.map { $0 + start }, count: count - start)
  }

  /// At most `length` bytes, never half a character.
  @inlinable public func prefix(_ length: Int) -> Text {
    guard count > length, let base else { return self }
    var end = max(length, 0)
    while end > 0, base.load(fromByteOffset: end, as: UInt8.self) & 0xC0 == 0x80 { end -= 1 }
    return Text(base, count: end)
  }

  @inlinable public func hasPrefix(_ other: Text) -> Bool {
    count >= other.count && Text(base, count: other.count) == other
  }

  /// The place of the first such byte.
  @inlinable public func firstIndex(of byte: UInt8) -> Int? {
    guard let base else { return nil }
    for place in 0..<count where base.load(fromByteOffset: place, as: UInt8.self) == byte {
      return place
    }
    return nil
  }

  @inlinable public static func == (left: Text, right: Text) -> Bool {
    guard left.count == right.count else { return false }
    guard let a = left.base, let b = right.base, a != b else { return true }
    var place = 0
    while place + 8 <= left.count {
      let x = a.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      guard x == b.loadUnaligned(fromByteOffset: place, as: UInt64.self) else { return false }
      place += 8
    }
    while place < left.count {
      let x = a.load(fromByteOffset: place, as: UInt8.self)
      guard x == b.load(fromByteOffset: place, as: UInt8.self) else { return false }
      place += 1
    }
    return true
  }

  /// Lends a string as text for the length of a call.
  @inlinable public static func with<T>(_ string: String, _ body: (Text) throws -> T) rethrows -> T
  {
    var string = string
    return try string.withUTF8 { try body(Text($0.baseAddress, count: $0.count)) }
  }
}

extension String {
  /// A copy of the text.
  public init(_ text: Text) {
    self.init(decoding: text.bytes, as: UTF8.self)
  }
}
