import Foundation
import Harness

/// The ways in which the same parameters may be sent.
enum RequestEncoding: String, CaseIterable, Sendable {
  case query, form, parts, json

  /// A request as it goes over the wire.
  struct Sent {
    var method: String
    var target: String
    var headers: [String]
    var body: [UInt8]?
  }

  private static let boundary = "b7x"

  /// The request sent otherwise; forms in parts may carry files and stay as they are.
  func encode(_ sent: Sent) -> Sent {
    guard ["/i", "/i/bulk", "/o/sdk"].contains(Self.path(sent.target)),
      !sent.headers.contains(where: { $0.contains("multipart") })
    else { return sent }
    let fields = Self.fields(sent)
    let path = Self.path(sent.target)
    switch self {
    case .query:
      return Sent(method: "GET", target: path + "?" + Self.text(fields), headers: [])
    case .form:
      return Self.post(path, "application/x-www-form-urlencoded", Self.text(fields))
    case .parts:
      return Self.post(
        path, "multipart/form-data; boundary=\(Self.boundary)", Self.parts(fields))
    case .json:
      let object = JSON.object(Dictionary(fields.map { ($0.name, .string($0.value)) }) { $1 })
      return Self.post(path, "application/json", object.text)
    }
  }

  private static func post(_ path: String, _ type: String, _ body: String) -> Sent {
    Sent(
      method: "POST", target: path, headers: ["Content-Type: " + type], body: Array(body.utf8))
  }

  private static func path(_ target: String) -> String {
    String(target.prefix { $0 != "?" })
  }

  private static func fields(_ sent: Sent) -> [(name: String, value: String)] {
    let query = sent.target.drop { $0 != "?" }.dropFirst()
    let body = String(decoding: sent.body ?? [], as: UTF8.self)
    return (query.split(separator: "&") + body.split(separator: "&")).map { pair in
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (decoded(sides[0]), sides.count > 1 ? decoded(sides[1]) : "")
    }
  }

  private static func decoded(_ text: Substring) -> String {
    let text = String(text).replacing("+", with: " ")
    return text.removingPercentEncoding ?? text
  }

  private static func text(_ fields: [(name: String, value: String)]) -> String {
    fields.map { escaped($0.name) + "=" + escaped($0.value) }.joined(separator: "&")
  }

  private static func escaped(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
  }

  private static func parts(_ fields: [(name: String, value: String)]) -> String {
    fields.map { name, value in
      "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
    }.joined() + "--\(boundary)--\r\n"
  }
}
