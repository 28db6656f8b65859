import PluginKit

/// What a user agent says, ready to be set: each as a JSON text, empty when it does not say.
/// Immutable.
final class Agent: Sendable {
  /// What is told of an agent; the raw value is its place.
  enum Field: Int, CaseIterable {
    case browser
    case browserVersion
    case os
    case osVersion
    case device
    case deviceType
    /// The name of a bot.
    case bot
  }

  /// Bytes of one value; longer ones are cut.
  static let valueBytesMax = 100

  /// The user agent itself, as far as it is looked at.
  let text: [UInt8]
  private let values: [[UInt8]]

  init(_ text: [UInt8], _ says: [Field: String]) {
    self.text = text
    values = Field.allCases.map { field in Self.json(says[field] ?? "") }
  }

  var isBot: Bool { !values[Field.bot.rawValue].isEmpty }

  /// Lends the value as JSON; nothing is called when the agent does not say it.
  func with(_ field: Field, _ body: (Text) -> Void) {
    let value = values[field.rawValue]
    if value.isEmpty { return }
    value.withUnsafeBytes { body(Text($0.baseAddress, count: $0.count)) }
  }

  private static func json(_ value: String) -> [UInt8] {
    if value.isEmpty { return [] }
    let value = Text.with(value) { String($0.prefix(valueBytesMax)) }
    var json: [UInt8] = [UInt8(ascii: "\"")]
    for byte in value.utf8 {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        json.append(UInt8(ascii: "\\"))
      }
      json.append(byte < 0x20 ? 0x20 : byte)
    }
    return json + [UInt8(ascii: "\"")]
  }
}
