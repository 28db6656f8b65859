import CSimdjson
import PluginABI

/// A number as SDKs send it: as a JSON number or as text that is one. Nothing a client sends can
/// make it trap: what is too large saturates, what is no number is none.
enum LooseNumber: Equatable {
  case whole(Int64)
  /// Finite.
  case decimal(Double)

  /// What JavaScript's integers reach, and therefore what a count can honestly be.
  static let countMax: Int64 = 1 << 53
  /// `sum` and `dur` are kept in units of 1e-5.
  static let unitsPerOne: Int64 = 100_000

  /// The number in a node; `text` is where text offsets count from. Nil for every node that is
  /// neither a number nor text that is one.
  @inline(__always)
  init?(_ node: UnsafePointer<tally_node>, text: UnsafePointer<CChar>) {
    switch UInt32(node.pointee.kind) {
    case TALLY_INT: self = .whole(Int64(bitPattern: node.pointee.bits))
    case TALLY_DOUBLE: self = .decimal(Double(bitPattern: node.pointee.bits))
    case TALLY_STRING:
      self.init(
        UnsafeRawBufferPointer(
          start: text + Int(node.pointee.off), count: Int(node.pointee.len)))
    default: return nil
    }
  }

  /// The number a text is as a whole, blanks around it aside.
  init?(_ text: UnsafeRawBufferPointer) {
    var (start, end) = (0, text.count)
    while start < end, Self.isBlank(text[start]) { start += 1 }
    while start < end, Self.isBlank(text[end - 1]) { end -= 1 }
    let bytes = UnsafeRawBufferPointer(rebasing: text[start..<end])
    if let short = Self.short(bytes) {
      self = short
      return
    }
    var number = 0.0
    guard tally_json_number(bytes.baseAddress, bytes.count, &number) != 0 else { return nil }
    // A whole number of up to 19 digits is kept exact even where a double would not be.
    self = Self.whole(bytes) ?? .decimal(number)
  }

  /// Towards zero, within ±2^53.
  var count: Int64 {
    switch self {
    case .whole(let value): min(max(value, -Self.countMax), Self.countMax)
    case .decimal(let value):
      Int64(min(max(value, -Double(Self.countMax)), Double(Self.countMax)))
    }
  }

  /// In units of 1e-5, half a unit away from zero; saturating.
  var units: Int64 {
    switch self {
    case .whole(let value):
      let (product, overflow) = value.multipliedReportingOverflow(by: Self.unitsPerOne)
      return overflow ? (value < 0 ? .min : .max) : product
    case .decimal(let value):
      let scaled = (value * Double(Self.unitsPerOne)).rounded(.toNearestOrAwayFromZero)
      return Int64(exactly: scaled) ?? (scaled < 0 ? .min : .max)
    }
  }

  // MARK: Reading text

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (byte >= 0x09 && byte <= 0x0D)
  }

  /// Digits of which every number is exact in a double, and so is every quotient of two such,
  /// correctly rounded.
  private static let exactDigits = 15
  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
  ]

  /// Nearly all numbers: a sign, at most fifteen digits, perhaps a point between them.
  private static func short(_ bytes: UnsafeRawBufferPointer) -> LooseNumber? {
    let isNegative = bytes.first == UInt8(ascii: "-")
    let digits = bytes.count - (isNegative ? 1 : 0)
    guard digits > 0, digits <= exactDigits else { return nil }
    var mantissa: Int64 = 0
    var point: Int?
    for index in (isNegative ? 1 : 0)..<bytes.count {
      let digit = bytes[index] &- UInt8(ascii: "0")
      if digit <= 9 {
        mantissa = mantissa &* 10 &+ Int64(digit)
      } else if bytes[index] == UInt8(ascii: "."), point == nil {
        point = index
      } else {
        return nil
      }
    }
    if isNegative { mantissa = -mantissa }
    guard let point else { return .whole(mantissa) }
    guard digits > 1 else { return nil }
    return .decimal(Double(mantissa) / powersOfTen[bytes.count - 1 - point])
  }

  /// Sign and digits that fit in 64 bits.
  private static func whole(_ bytes: UnsafeRawBufferPointer) -> LooseNumber? {
    var value: Int64 = 0
    let isNegative = bytes.first == UInt8(ascii: "-")
    let isSigned = isNegative || bytes.first == UInt8(ascii: "+")
    for byte in bytes.dropFirst(isSigned ? 1 : 0) {
      let digit = byte &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      let (tens, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, more) = tens.subtractingReportingOverflow(Int64(digit))
      guard !over, !more else { return nil }
      value = sum
    }
    // Gathered as a negative number, of which there is one more.
    return isNegative ? .whole(value) : value == .min ? nil : .whole(-value)
  }
}
