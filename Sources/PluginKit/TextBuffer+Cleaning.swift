/// Making values fit for documents: dots would open a level there, and a leading `$` is an
/// operator.
extension TextBuffer {
  /// A metric's or segment's value as documents carry it: leading `$` dropped, `.` to `:`. A clean
  /// text is handed back as it is, and nothing is written.
  public mutating func cleaned(_ text: Text) -> Text {
    let rest = text.count > 0 && text[0] == UInt8(ascii: "$") ? text.dropFirst(1) : text
    guard rest.firstIndex(of: UInt8(ascii: ".")) != nil else { return rest }
    let start = count
    for byte in rest.bytes { append(byte == UInt8(ascii: ".") ? UInt8(ascii: ":") : byte) }
    return self.text(from: start)
  }

  /// A segment's name: leading `$` and all dots dropped.
  public mutating func cleanedName(_ text: Text) -> Text {
    let rest = text.count > 0 && text[0] == UInt8(ascii: "$") ? text.dropFirst(1) : text
    guard rest.firstIndex(of: UInt8(ascii: ".")) != nil else { return rest }
    let start = count
    for byte in rest.bytes where byte != UInt8(ascii: ".") { append(byte) }
    return self.text(from: start)
  }

  /// A segment's value of any kind as documents carry it: texts `1` to `31` are prefixed with
  /// `[CLY]`, they would be days. Empty when the value cannot be counted: null, an array, an
  /// object.
  public mutating func segmentValue(_ node: Node) -> Text {
    let value: Text
    switch node.kind {
    case .string: value = cleaned(node.text)
    case .true: value = "true"
    case .false: value = "false"
    case .int, .double: value = number(node)
    case .null, .array, .object: return ""
    }
    guard value.isDayNumber else { return value }
    let start = count
    append("[CLY]")
    append(value)
    return text(from: start)
  }

  /// The text of a number node, its dot made a colon.
  private mutating func number(_ node: Node) -> Text {
    let start = count
    if let int = node.int { append(int) } else { append(node.double ?? 0) }
    return cleaned(text(from: start))
  }
}

extension Text {
  /// Whether it is one of `1` to `31`.
  @usableFromInline var isDayNumber: Bool {
    switch count {
    case 1: self[0] >= 0x31 && self[0] <= 0x39
    case 2:
      (self[0] == 0x31 || self[0] == 0x32) && self[1] >= 0x30 && self[1] <= 0x39
        || self[0] == 0x33 && (self[1] == 0x30 || self[1] == 0x31)
    default: false
    }
  }
}
