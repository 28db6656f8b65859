import CSimdjson
import PluginABI

extension EventDecoder {
  /// Writes a node as JSON text, as far as a key could be long.
  struct KeyText {
    /// Text longer than this is no key, whatever is cleaned away.
    static let bytesMax = 4_096

    private(set) var bytes: [UInt8] = []
    /// There was more than fits.
    private(set) var isCut = false
    private let json: OpaquePointer

    init(json: OpaquePointer) {
      self.json = json
    }

    /// Appends a node and all below it. The nesting is bounded by the parser.
    mutating func append(_ nodes: UnsafePointer<tally_node>, _ place: UInt32) {
      let node = nodes[Int(place)]
      switch UInt32(node.kind) {
      case TALLY_FALSE: append("false")
      case TALLY_TRUE: append("true")
      case TALLY_INT: append("\(Int64(bitPattern: node.bits))")
      case TALLY_DOUBLE: append(Self.text(of: Double(bitPattern: node.bits)))
      case TALLY_STRING: appendString(offset: node.off, count: node.len)
      case TALLY_ARRAY: appendChildren(nodes, place, brackets: "[", "]")
      case TALLY_OBJECT: appendChildren(nodes, place, brackets: "{", "}")
      default: append("null")
      }
    }

    private mutating func appendChildren(
      _ nodes: UnsafePointer<tally_node>, _ place: UInt32, brackets open: String, _ close: String
    ) {
      append(open)
      var child = place + 1
      for index in 0..<nodes[Int(place)].off where !isCut {
        let node = nodes[Int(child)]
        if index > 0 { append(",") }
        if UInt32(nodes[Int(place)].kind) == TALLY_OBJECT {
          let name = tally_json_name(json, node.key)
          appendString(offset: name.off, count: name.len)
          append(":")
        }
        append(nodes, child)
        child += UInt32(node.kind) >= TALLY_ARRAY ? 1 + node.len : 1
      }
      append(close)
    }

    /// Whole doubles without a point, as JavaScript writes them.
    private static func text(of number: Double) -> String {
      Int64(exactly: number).map { "\($0)" } ?? "\(number)"
    }

    private mutating func append(_ text: String) {
      if bytes.count + text.utf8.count > Self.bytesMax {
        isCut = true
      } else {
        bytes.append(contentsOf: text.utf8)
      }
    }

    private mutating func appendString(offset: UInt32, count: UInt32) {
      guard let block = tally_json_block(json), Int(count) <= Self.bytesMax else {
        isCut = true
        return
      }
      append("\"")
      for byte in UnsafeRawBufferPointer(start: block + Int(offset), count: Int(count)) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append("\\" + String(Unicode.Scalar(byte)))
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        case ..<0x20:
          append("\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16))
        default:
          if bytes.count < Self.bytesMax { bytes.append(byte) } else { isCut = true }
        }
      }
      append("\"")
    }
  }
}
