import PluginABI

/// One JSON value of a batch. Borrowed.
public struct Node {
  @usableFromInline let batch: UnsafePointer<tally_batch>
  @usableFromInline let pointer: UnsafePointer<tally_node>

  @inlinable init(_ batch: UnsafePointer<tally_batch>, _ pointer: UnsafePointer<tally_node>) {
    self.batch = batch
    self.pointer = pointer
  }

  /// The kinds of JSON values.
  public enum Kind: UInt16 {
    case null = 0
    case `false`
    case `true`
    case int
    case double
    case string
    case array
    case object
  }

  @inlinable public var kind: Kind { Kind(rawValue: pointer.pointee.kind) ?? .null }

  /// The member with that name, or nil, also when this is no object. Of equal names the last.
  @inlinable public subscript(key: Key) -> Node? {
    tally_member(batch, pointer, key.id).map { Node(batch, $0) }
  }

  /// The text of a string; empty for every other kind.
  @inlinable public var text: Text { Text(tally_text(batch, pointer)) }

  /// The value of a whole number.
  @inlinable public var int: Int64? {
    kind == .int ? Int64(bitPattern: pointer.pointee.bits) : nil
  }

  /// The value of a number.
  @inlinable public var double: Double? {
    switch kind {
    case .int: Double(Int64(bitPattern: pointer.pointee.bits))
    case .double: Double(bitPattern: pointer.pointee.bits)
    default: nil
    }
  }

  /// The name of this member; empty outside an object.
  @inlinable public var name: Text {
    pointer.pointee.key == 0 ? "" : Text(tally_batch_key(batch, pointer.pointee.key))
  }

  /// Whether this member has that name.
  @inlinable public func isNamed(_ key: Key) -> Bool {
    pointer.pointee.key == key.id && key.id != 0
  }

  /// Whole seconds of a number or of a text that begins with one, the nearest there is when it does
  /// not fit; nil for everything else.
  public var looseInt: Int64? {
    if let int { return int }
    if let double { return Int64(saturating: double) }
    return text.leadingInt
  }

  /// Whether an SDK means yes: true, a number but 0, a text but "", "0" and "false".
  public var isYes: Bool {
    switch kind {
    case .true: true
    case .int, .double: double != 0
    case .string: !text.isEmpty && text != "0" && text != "false"
    case .null, .false, .array, .object: false
    }
  }

  /// The elements of an array or members of an object, in order; nothing for every other kind.
  @inlinable public var children: Children {
    let count = kind == .array || kind == .object ? pointer.pointee.off : 0
    return Children(batch, next: count == 0 ? pointer : tally_first(batch, pointer), left: count)
  }

  /// Walks the children of a container. Borrowed.
  public struct Children: Sequence, IteratorProtocol {
    @usableFromInline let batch: UnsafePointer<tally_batch>
    @usableFromInline var pointer: UnsafePointer<tally_node>
    @usableFromInline var left: UInt32

    @inlinable init(
      _ batch: UnsafePointer<tally_batch>, next: UnsafePointer<tally_node>, left: UInt32
    ) {
      self.batch = batch
      pointer = next
      self.left = left
    }

    @inlinable public mutating func next() -> Node? {
      guard left > 0 else { return nil }
      let node = Node(batch, pointer)
      left -= 1
      if left > 0 { pointer = tally_next(batch, pointer) }
      return node
    }
  }
}

extension Int64 {
  /// The whole part of a number, or the nearest there is; nil for what is no number.
  init?(saturating double: Double) {
    guard !double.isNaN else { return nil }
    if double.magnitude < 0x1p63 { self.init(double) } else { self = double < 0 ? .min : .max }
  }
}

extension Text {
  /// The whole number the text begins with, as `parseInt` reads it, the nearest there is when it
  /// does not fit; nil when there is none.
  public var leadingInt: Int64? {
    var place = 0
    while place < count, self[place] == 0x20 { place += 1 }
    let isNegative = place < count && self[place] == UInt8(ascii: "-")
    if isNegative || (place < count && self[place] == UInt8(ascii: "+")) { place += 1 }
    var value: Int64?
    while place < count, self[place] >= 0x30, self[place] <= 0x39 {
      let (tens, over) = (value ?? 0).multipliedReportingOverflow(by: 10)
      let (sum, more) = tens.addingReportingOverflow(Int64(self[place] - 0x30))
      value = over || more ? .max : sum
      place += 1
    }
    return value.map { isNegative ? -$0 : $0 }
  }
}
