/// The parameters of a query or of a form, read as `/i` reads them: escapes in names and values,
/// `+` for a blank, the last of a name.
enum FormParameters {
  static func read(_ text: [UInt8]) -> [String: String] {
    let scratch = EntryBuffer(capacity: 1_024)
    var parameters: [String: String] = [:]
    text.withUnsafeBytes { text in
      var start = 0
      while start < text.count {
        let pair = FormText.Pair(text, from: start)
        start = pair.end + 1
        if pair.isEmpty { continue }
        let name = decoded(text.part(pair.start, pair.nameEnd - pair.start), scratch)
        parameters[name] = decoded(text.part(pair.valueStart, pair.end - pair.valueStart), scratch)
      }
    }
    return parameters
  }

  private static func decoded(_ raw: UnsafeRawBufferPointer, _ scratch: EntryBuffer) -> String {
    scratch.removeAll()
    _ = FormText.decode(raw, into: scratch)
    return String(decoding: scratch.bytes, as: UTF8.self)
  }
}
