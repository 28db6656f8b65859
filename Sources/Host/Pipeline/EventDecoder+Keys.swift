import CSimdjson
import PluginABI

extension EventDecoder {
  /// Reads and cleans the keys of events (protocol 4.6).
  struct Keys {
    /// A key of this many UTF-16 units, which is how clients count, is too long.
    static let unitsMax = 128
    /// What keys of the server itself and of plugins begin with.
    private static let internalPrefix: StaticString = "[CLY]_"
    private static let reservedPrefix: StaticString = "system."

    /// A cleaned key: where its text is, from the block's first byte.
    struct Key: Equatable {
      let offset: UInt32
      let count: UInt32
      let isInternal: Bool
    }

    enum Reading: Equatable {
      case key(Key)
      case missing
      case tooLong
    }

    private let json: OpaquePointer
    private var cleaned: [UInt8] = []

    init(json: OpaquePointer) {
      self.json = json
    }

    /// The key in a node. Anything but text is taken as its JSON text; null is none.
    mutating func read(_ nodes: UnsafePointer<tally_node>, _ place: UInt32) -> Reading {
      guard let block = tally_json_block(json) else { return .missing }
      let node = nodes[Int(place)]
      switch UInt32(node.kind) {
      case TALLY_NULL: return .missing
      case TALLY_STRING:
        let text = UnsafeRawBufferPointer(start: block + Int(node.off), count: Int(node.len))
        if Self.isClean(text) { return judge(text, offset: node.off) }
        guard text.count <= KeyText.bytesMax else { return .tooLong }
        return clean(text)
      default:
        var text = KeyText(json: json)
        text.append(nodes, place)
        guard !text.isCut else { return .tooLong }
        return text.bytes.withUnsafeBytes { clean($0) }
      }
    }

    private static func isClean(_ text: UnsafeRawBufferPointer) -> Bool {
      var last: UInt8 = 0
      for byte in text {
        if byte == UInt8(ascii: "$") || (byte == UInt8(ascii: ".") && byte == last) { return false }
        last = byte
      }
      return !text.hasPrefix(reservedPrefix)
    }

    /// Without the reserved prefix, without `..` and without `$`, each looked for once from the
    /// front.
    private mutating func clean(_ text: UnsafeRawBufferPointer) -> Reading {
      cleaned.removeAll(keepingCapacity: true)
      var index = text.hasPrefix(Self.reservedPrefix) ? Self.reservedPrefix.utf8CodeUnitCount : 0
      while index < text.count {
        let byte = text[index]
        let isPair =
          byte == UInt8(ascii: ".") && index + 1 < text.count && text[index + 1] == byte
        if !isPair && byte != UInt8(ascii: "$") { cleaned.append(byte) }
        index += isPair ? 2 : 1
      }
      return cleaned.withUnsafeBytes { bytes in
        let reading = judge(bytes, offset: 0)
        guard case .key(let key) = reading else { return reading }
        let offset = tally_json_text(json, bytes.baseAddress, bytes.count)
        return .key(Key(offset: offset, count: key.count, isInternal: key.isInternal))
      }
    }

    private func judge(_ text: UnsafeRawBufferPointer, offset: UInt32) -> Reading {
      if text.isEmpty { return .missing }
      // No character has more units than bytes.
      if text.count >= Self.unitsMax, Self.units(of: text) >= Self.unitsMax { return .tooLong }
      return .key(
        Key(
          offset: offset, count: UInt32(text.count),
          isInternal: text.hasPrefix(Self.internalPrefix)))
    }

    /// UTF-16 units: one for every character's first byte, two when four bytes follow from it.
    private static func units(of text: UnsafeRawBufferPointer) -> Int {
      text.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : $1 >= 0xF0 ? 2 : 1) }
    }
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func hasPrefix(_ prefix: StaticString) -> Bool {
    let count = prefix.utf8CodeUnitCount
    return self.count >= count && part(0, count).isEqual(to: prefix)
  }
}
