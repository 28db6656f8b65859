/// A JSON value as plain data; members in order, duplicates and all.
indirect enum DecodedValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string([UInt8])
  case array([DecodedValue])
  case object([Member])

  struct Member: Equatable, Sendable {
    let name: [UInt8]
    let value: DecodedValue
  }

  static func text(_ text: String) -> DecodedValue { .string(Array(text.utf8)) }

  static func members(_ members: [(String, DecodedValue)]) -> DecodedValue {
    .object(members.map { Member(name: Array($0.0.utf8), value: $0.1) })
  }

  /// Of equal names the last.
  func member(_ name: String) -> DecodedValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == Array(name.utf8) }?.value
  }
}
