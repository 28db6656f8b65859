/// Cuts JSON text into its top-level parts without copying: an object into members, an array into
/// elements. Every part is checked to be balanced and closed; what is inside is the pipeline's.
enum JSONSlices {
  /// Levels of nesting in a JSON value that the pipeline reads.
  static let depthMax = 64

  /// Calls `body` with each member's name, still escaped and without its quotes, and its value.
  /// False when the text is not one JSON object. Refuses values of more than `valueDepthMax` levels.
  static func members(
    of text: UnsafeRawBufferPointer, valueDepthMax: Int = depthMax,
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(IntakeRefusal) -> Void
  ) throws(IntakeRefusal) -> Bool {
    var scanner = JSONScanner(text)
    guard scanner.take(UInt8(ascii: "{")) else { return false }
    if scanner.take(UInt8(ascii: "}")) { return scanner.isAtEnd() }
    repeat {
      guard let name = scanner.string(), scanner.take(UInt8(ascii: ":")),
        let value = scanner.value()
      else { return false }
      guard scanner.depth <= valueDepthMax else { throw IntakeRefusal(.tooDeep) }
      try body(name.part(1, name.count - 2), value)
    } while scanner.take(UInt8(ascii: ","))
    return scanner.take(UInt8(ascii: "}")) && scanner.isAtEnd()
  }

  /// Appends each element of an array to `elements`; false when the text is not one JSON array. How
  /// deep one is nested says nothing of the others.
  static func elements(
    of text: UnsafeRawBufferPointer, into elements: inout ContiguousArray<UnsafeRawBufferPointer>
  ) -> Bool {
    var scanner = JSONScanner(text)
    guard scanner.take(UInt8(ascii: "[")) else { return false }
    if scanner.take(UInt8(ascii: "]")) { return scanner.isAtEnd() }
    repeat {
      guard let value = scanner.value() else { return false }
      elements.append(value)
    } while scanner.take(UInt8(ascii: ","))
    return scanner.take(UInt8(ascii: "]")) && scanner.isAtEnd()
  }

  /// Whether the text is one JSON value of any kind.
  static func isValue(_ text: UnsafeRawBufferPointer) -> Bool {
    var scanner = JSONScanner(text)
    return scanner.value() != nil && scanner.isAtEnd()
  }
}

/// Walks JSON text from front to back.
struct JSONScanner {
  private let text: UnsafeRawBufferPointer
  private var index = 0
  /// Levels of the object or array stepped over last; 0 after anything else.
  private(set) var depth = 0

  init(_ text: UnsafeRawBufferPointer) {
    self.text = text
  }

  @inline(__always)
  private mutating func skipSpace() {
    while index < text.count {
      switch text[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index &+= 1
      default: return
      }
    }
  }

  /// Steps over `byte` if it comes next.
  @inline(__always)
  mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard index < text.count, text[index] == byte else { return false }
    index &+= 1
    return true
  }

  mutating func isAtEnd() -> Bool {
    skipSpace()
    return index == text.count
  }

  /// The string that comes next, with its quotes.
  @inline(__always)
  mutating func string() -> UnsafeRawBufferPointer? {
    skipSpace()
    let start = index
    return skipString() ? text.part(start, index - start) : nil
  }

  @inline(__always)
  private mutating func skipString() -> Bool {
    guard index < text.count, text[index] == UInt8(ascii: "\"") else { return false }
    index &+= 1
    while index < text.count {
      if index &+ ByteWord.bytes <= text.count {
        let plain = ByteWord(text, at: index).firstMatch(UInt8(ascii: "\""), UInt8(ascii: "\\"))
        index &+= plain
        if plain == ByteWord.bytes { continue }
      }
      let byte = text[index]
      index &+= 1
      if byte == UInt8(ascii: "\"") { return true }
      if byte == UInt8(ascii: "\\") { index &+= 1 }
    }
    return false
  }

  /// The value that comes next.
  mutating func value() -> UnsafeRawBufferPointer? {
    skipSpace()
    let start = index
    depth = 0
    guard index < text.count else { return nil }
    switch text[index] {
    case UInt8(ascii: "\""): return string()
    case UInt8(ascii: "{"), UInt8(ascii: "["): return nested(from: start)
    default: return bare(from: start)
    }
  }

  /// A number or one of the three words.
  private mutating func bare(from start: Int) -> UnsafeRawBufferPointer? {
    scan: while index < text.count {
      switch text[index] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"),
        UInt8(ascii: "."):
        index &+= 1
      default: break scan
      }
    }
    let part = text.part(start, index - start)
    return Self.isWordOrNumber(part) ? part : nil
  }

  private static func isWordOrNumber(_ part: UnsafeRawBufferPointer) -> Bool {
    guard let first = part.first else { return false }
    switch first {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): return true
    default:
      return part.isEqual(to: "true") || part.isEqual(to: "false") || part.isEqual(to: "null")
    }
  }

  /// An object or array of any depth. A bit per level remembers which bracket closes it; of levels
  /// below the last bit, which nobody reads, only the number is kept.
  private mutating func nested(from start: Int) -> UnsafeRawBufferPointer? {
    var (level, objects) = (0, UInt64(0))
    while index < text.count {
      if index &+ ByteWord.bytes <= text.count {
        let plain = ByteWord(text, at: index).firstQuoteOrBracket
        index &+= plain
        if plain == ByteWord.bytes { continue }
      }
      switch text[index] {
      case UInt8(ascii: "\""):
        guard skipString() else { return nil }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        if level < UInt64.bitWidth {
          objects = objects << 1 | (text[index] == UInt8(ascii: "{") ? 1 : 0)
        }
        level &+= 1
        depth = max(depth, level)
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if level <= UInt64.bitWidth {
          guard (objects & 1 == 1) == (text[index] == UInt8(ascii: "}")) else { return nil }
          objects >>= 1
        }
        level &-= 1
        if level == 0 {
          index &+= 1
          return text.part(start, index - start)
        }
      default: break
      }
      index &+= 1
    }
    return nil
  }
}
