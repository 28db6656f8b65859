/// An answer: a status and a JSON body.
struct QueryReply: Sendable {
  let status: Int
  let body: [UInt8]
  /// Beside those that every answer has; they win over them.
  let headers: [(name: String, value: String)]

  init(status: Int, body: [UInt8], headers: [(name: String, value: String)] = []) {
    self.status = status
    self.body = body
    self.headers = headers
  }

  /// The message style: `{"result": text}`. Quotes stay raw to a reader; `<` and `>` are escaped so
  /// that no browser takes an error for markup.
  init(status: Int, message: String) {
    var text = ""
    for character in message.unicodeScalars {
      switch character {
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case _ where character.value < 0x20:
        let hex = String(character.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: text.unicodeScalars.append(character)
      }
    }
    self.init(status: status, body: Array("{\"result\":\"\(text)\"}".utf8))
  }
}
