/// The members of a JSON body as the parameters they would be in a form.
enum JSONParameters {
  /// None when the body is not a JSON object. Null stands for no parameter, an object or a list for
  /// its JSON text.
  static func read(_ body: [UInt8]) -> [String: String] {
    var parameters: [String: String] = [:]
    let scratch = EntryBuffer(capacity: 1_024)
    let isObject = body.withUnsafeBytes { text in
      guard UTF8Text.isValid(text) else { return false }
      let isWhole = try? JSONSlices.members(of: text) { name, value throws(IntakeRefusal) in
        scratch.removeAll()
        JSONScalar.unescape(name, into: scratch)
        let key = String(decoding: scratch.bytes, as: UTF8.self)
        parameters[key] = self.text(of: value, scratch)
        guard parameters.count <= parametersMax else { throw IntakeRefusal(.tooManyParameters) }
      }
      return isWhole ?? false
    }
    return isObject ? parameters : [:]
  }

  /// More make no question; a body of that kind is the plugin's own affair.
  private static let parametersMax = IntakeLimits().parametersMax

  private static func text(
    of value: UnsafeRawBufferPointer, _ scratch: EntryBuffer
  ) -> String? {
    scratch.removeAll()
    if JSONScalar.append(value, to: scratch) {
      return String(decoding: scratch.bytes, as: UTF8.self)
    }
    return value.first == UInt8(ascii: "n") ? nil : String(decoding: value, as: UTF8.self)
  }
}
