/// Finds a text that everything an expression matches has in it, so that an expression need not be
/// tried where that text does not occur. Wrong only by saying less than it could.
struct RequiredText {
  private let bytes: [UInt8]
  private var place = 0
  /// Texts that must occur, in order.
  private var runs: [[UInt8]] = []
  private var run: [UInt8] = []
  private var groups: [Group] = []
  private var hasChoice = false

  /// A parenthesis that is open.
  private struct Group {
    let runs: Int
    var isOptional: Bool
  }

  /// The longest such text in lower case; empty when there is none.
  static func of(_ expression: String) -> [UInt8] {
    var reader = RequiredText(bytes: Array(expression.utf8))
    return reader.longest()
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  private mutating func longest() -> [UInt8] {
    while let byte = next() { take(byte) }
    endRun()
    if hasChoice || !groups.isEmpty { return [] }
    return runs.max { $0.count < $1.count } ?? []
  }

  private mutating func next() -> UInt8? {
    guard place < bytes.count else { return nil }
    defer { place += 1 }
    return bytes[place]
  }

  private func peek(_ offset: Int = 0) -> UInt8? {
    place + offset < bytes.count ? bytes[place + offset] : nil
  }

  private mutating func endRun() {
    if !run.isEmpty { runs.append(run) }
    run = []
  }

  private mutating func take(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\\"): escape()
    case UInt8(ascii: "["): skipClass()
    case UInt8(ascii: "("): open()
    case UInt8(ascii: ")"): close()
    case UInt8(ascii: "|"):
      endRun()
      if groups.isEmpty { hasChoice = true } else { groups[groups.count - 1].isOptional = true }
    case UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "$"):
      endRun()
      _ = skipQuantifier()
    default: literal(byte)
    }
  }

  private mutating func escape() {
    guard let byte = next() else { return }
    let isLetter = (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
    if !isLetter { return literal(byte) }
    endRun()
    _ = skipQuantifier()
  }

  private mutating func literal(_ byte: UInt8) {
    let isUpper = byte >= 0x41 && byte <= 0x5A
    let quantifier = skipQuantifier()
    if !quantifier.isOptional { run.append(isUpper ? byte | 0x20 : byte) }
    if quantifier.isThere { endRun() }
  }

  /// What stands behind a piece: whether it may be left out.
  private mutating func skipQuantifier() -> (isThere: Bool, isOptional: Bool) {
    guard let byte = peek() else { return (false, false) }
    var isOptional = byte == UInt8(ascii: "*") || byte == UInt8(ascii: "?")
    if byte == UInt8(ascii: "{"), let digit = peek(1), digit >= 0x30, digit <= 0x39 || digit == 0x2C
    {
      isOptional = digit == 0x30 || digit == 0x2C
      while let byte = next(), byte != UInt8(ascii: "}") {}
    } else if isOptional || byte == UInt8(ascii: "+") {
      place += 1
    } else {
      return (false, false)
    }
    while let more = peek(), more == UInt8(ascii: "?") || more == UInt8(ascii: "+") { place += 1 }
    return (true, isOptional)
  }

  private mutating func skipClass() {
    endRun()
    if peek() == UInt8(ascii: "^") { place += 1 }
    if peek() == UInt8(ascii: "]") { place += 1 }
    while let byte = next(), byte != UInt8(ascii: "]") {
      if byte == UInt8(ascii: "\\") { place += 1 }
    }
    _ = skipQuantifier()
  }

  /// Looking ahead or behind takes nothing in, and may be a refusal.
  private mutating func open() {
    endRun()
    var group = Group(runs: runs.count, isOptional: false)
    if peek() == UInt8(ascii: "?") {
      group.isOptional = peek(1) != UInt8(ascii: ":")
      while let byte = next(), byte == UInt8(ascii: "?") || byte == UInt8(ascii: "<") {}
    }
    groups.append(group)
  }

  private mutating func close() {
    endRun()
    let quantifier = skipQuantifier()
    guard let group = groups.popLast() else { return }
    if group.isOptional || quantifier.isOptional { runs.removeSubrange(group.runs...) }
  }
}
