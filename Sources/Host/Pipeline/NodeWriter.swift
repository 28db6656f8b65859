import PluginABI
import PluginRuntime

/// Writes nodes of a batch as JSON text, edits applied.
struct NodeWriter {
  let batch: UnsafePointer<tally_batch>
  let buffer: EntryBuffer
  let edits: BatchEdits.Item

  /// A member to be written, and its value.
  struct Added {
    let name: [UInt8]
    let json: [UInt8]
  }

  /// What was set in an object and holds: of a name the last.
  func added(to object: UInt32) -> [Added] {
    var added: [Added] = []
    for member in edits.members where member.object == object {
      added.removeAll { $0.name == member.name }
      if let json = member.json { added.append(Added(name: member.name, json: json)) }
    }
    return added
  }

  /// The members of an object that nobody set or took out, in order.
  func forEachMember(
    of object: UInt32, _ body: (_ name: UnsafeRawBufferPointer, _ node: UInt32) -> Void
  ) {
    let mine = edits.members.filter { $0.object == object }
    var place = object + 1
    for _ in 0..<node(object).off {
      let name = key(node(place).key)
      if !mine.contains(where: { name.elementsEqual($0.name) }) { body(name, place) }
      place = next(place)
    }
  }

  /// The member of that name that counts, when it is an array nobody set or took out.
  func lastArray(named name: StaticString, of object: UInt32) -> UInt32? {
    var found: UInt32?
    forEachMember(of: object) { key, place in
      guard key.isEqual(to: name) else { return }
      found = node(place).kind == UInt16(TALLY_ARRAY) ? place : nil
    }
    return found
  }

  /// A value; behind the elements of an array come `more`.
  func value(_ place: UInt32, appending more: [[UInt8]] = []) {
    let node = node(place)
    switch UInt32(node.kind) {
    case TALLY_FALSE: text("false")
    case TALLY_TRUE: text("true")
    case TALLY_INT: text("\(Int64(bitPattern: node.bits))")
    case TALLY_DOUBLE: text("\(Double(bitPattern: node.bits))")
    case TALLY_STRING: string(bytes(node.off, node.len))
    case TALLY_ARRAY: array(place, more)
    case TALLY_OBJECT: object(place)
    default: text("null")
    }
  }

  /// An array of values that are JSON text.
  func list(_ values: [[UInt8]]) {
    text("[")
    for (place, value) in values.enumerated() {
      if place > 0 { text(",") }
      buffer.append(contentsOf: value)
    }
    text("]")
  }

  private func array(_ place: UInt32, _ more: [[UInt8]]) {
    text("[")
    var element = place + 1
    var isFirst = true
    func separate() {
      if !isFirst { text(",") }
      isFirst = false
    }
    for _ in 0..<node(place).off {
      if !edits.droppedEvents.contains(element) {
        separate()
        value(element)
      }
      element = next(element)
    }
    for json in more {
      separate()
      buffer.append(contentsOf: json)
    }
    text("]")
  }

  private func object(_ place: UInt32) {
    text("{")
    var isFirst = true
    func begin(_ name: UnsafeRawBufferPointer) {
      if !isFirst { text(",") }
      isFirst = false
      string(name)
      text(":")
    }
    forEachMember(of: place) { name, member in
      begin(name)
      value(member)
    }
    for member in added(to: place) {
      member.name.withUnsafeBytes { begin($0) }
      buffer.append(contentsOf: member.json)
    }
    text("}")
  }

  // MARK: Pieces

  private func node(_ place: UInt32) -> tally_node { tally_batch_node(batch, place).pointee }

  private func next(_ place: UInt32) -> UInt32 {
    let node = node(place)
    return place + 1 + (UInt32(node.kind) >= TALLY_ARRAY ? node.len : 0)
  }

  private func bytes(_ offset: UInt32, _ count: UInt32) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: UnsafeRawPointer(batch) + Int(offset), count: Int(count))
  }

  private func key(_ key: UInt32) -> UnsafeRawBufferPointer {
    let text = tally_batch_key(batch, key)
    return UnsafeRawBufferPointer(start: text.ptr, count: Int(text.len))
  }

  private func text(_ text: String) { buffer.append(contentsOf: Array(text.utf8)) }

  private static let hex = Array("0123456789abcdef".utf8)

  private func string(_ text: UnsafeRawBufferPointer) {
    buffer.append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        buffer.append(UInt8(ascii: "\\"))
        buffer.append(byte)
      case 0..<0x20:
        buffer.append(contentsOf: Array("\\u00".utf8))
        buffer.append(Self.hex[Int(byte >> 4)])
        buffer.append(Self.hex[Int(byte & 15)])
      default: buffer.append(byte)
      }
    }
    buffer.append(UInt8(ascii: "\""))
  }
}

extension EntryBuffer {
  func append(contentsOf bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }
}
