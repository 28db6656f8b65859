/// The function that an answer as a script calls: one name, or names joined by dots, and nothing
/// that could be any other code.
struct CallbackName: Equatable, Sendable {
  static let bytesMax = 128

  let text: String

  /// Nil for anything else; then the answer is the usual one.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count <= Self.bytesMax,
      bytes.split(
        separator: UInt8(ascii: "."),
        omittingEmptySubsequences: false
      ).allSatisfy(Self.isName)
    else { return nil }
    text = String(decoding: bytes, as: UTF8.self)
  }

  private static func isName(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    guard let first = bytes.first, !isDigit(first) else { return false }
    return bytes.allSatisfy { isLetter($0) || isDigit($0) }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    let folded = byte | 0x20
    return folded >= UInt8(ascii: "a") && folded <= UInt8(ascii: "z")
      || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
  }

  /// The script that hands `json` to the function.
  func call(with json: [UInt8]) -> [UInt8] {
    Array(text.utf8) + [UInt8(ascii: "(")] + json + [UInt8(ascii: ")")]
  }

  /// A browser runs nothing as a script that is not declared to be one, and guesses nothing.
  static let headers = [
    (name: "Content-Type", value: "text/javascript; charset=utf-8"),
    (name: "X-Content-Type-Options", value: "nosniff"),
  ]
}

extension QueryReply {
  /// The answer as the script that the parameter `callback` asks for; JSON otherwise, as is every
  /// answer with a content type of its own.
  func asked(by callback: String?) -> QueryReply {
    guard let callback, headers.allSatisfy({ $0.name.lowercased() != "content-type" }),
      let name = Array(callback.utf8).withUnsafeBytes({ CallbackName($0) })
    else { return self }
    return QueryReply(
      status: status, body: name.call(with: body), headers: headers + CallbackName.headers)
  }
}
