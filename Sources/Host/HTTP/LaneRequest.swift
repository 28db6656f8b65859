import NIOCore
import NIOHTTP1

/// A request of the SDK lane while it arrives.
struct LaneRequest {
  let target: String
  let route: IntakeRequest.Route
  let isPost: Bool
  private(set) var reply: Reply.Connection
  var format = IntakeRequest.BodyFormat.form
  /// The body's announced length; nil when it comes in chunks or there is none.
  var contentLength: Int?
  /// The client waits for a word before it sends the body.
  var expectsProceed = false
  /// Known before the body is read; the body is then thrown away.
  var verdict: Reply.Content?
  /// The body received so far.
  var body: ByteBuffer?
  var received = 0
  /// What proxies say about the way the request came, all headers of that name in order.
  private(set) var forwarded: String?
  /// Memory set apart for the body.
  var reserved = 0

  /// Reads what a request's head says. A request that speaks of an upgrade, or of a proxy's
  /// connection, ends its own: the decoder may stop reading behind it.
  init(_ head: HTTPRequestHead, route: IntakeRequest.Route) {
    target = head.uri
    self.route = route
    isPost = head.method == .POST
    let isNew = head.version.minor >= 1
    reply = !head.isKeepAlive ? .close : isNew ? .keep : .keepExplicitly
    for (name, value) in head.headers {
      switch name.utf8.count {
      case 6 where HeaderText.isEqual(name, "expect"):
        expectsProceed = HeaderText.isEqual(value, "100-continue")
      case 7 where HeaderText.isEqual(name, "upgrade"): reply = .close
      case 12 where HeaderText.isEqual(name, "content-type"): readContentType(value)
      case 14 where HeaderText.isEqual(name, "content-length"): contentLength = Int(value)
      case 15 where HeaderText.isEqual(name, "x-forwarded-for"):
        forwarded = forwarded.map { $0 + "," + value } ?? value
      case 16 where HeaderText.isEqual(name, "proxy-connection"): reply = .close
      default: break
      }
    }
    expectsProceed = expectsProceed && isNew
    judge(head.method)
  }

  private mutating func readContentType(_ value: String) {
    if HeaderText.hasPrefix(value, "multipart/") {
      format = .multipart
      if !HeaderText.isMultipartForm(value) { verdict = .refusal(.unsupportedBody) }
    } else if HeaderText.isJSON(value) {
      format = .json
    }
  }

  private mutating func judge(_ method: HTTPMethod) {
    switch method {
    case .POST, .GET: break
    case .OPTIONS: verdict = .preflight
    case .HEAD: verdict = .bareRefusal(.methodNotAllowed)
    default: verdict = .refusal(.methodNotAllowed)
    }
  }
}

/// Comparing header text without regard to case.
enum HeaderText {
  /// `lowercase` is written in lower case.
  @inline(__always)
  static func isEqual(_ text: String, _ lowercase: StaticString) -> Bool {
    text.utf8.count == lowercase.utf8CodeUnitCount && hasPrefix(text, lowercase)
  }

  @inline(__always)
  static func hasPrefix(_ text: String, _ lowercase: StaticString) -> Bool {
    guard text.utf8.count >= lowercase.utf8CodeUnitCount else { return false }
    var index = 0
    for byte in text.utf8 {
      if index == lowercase.utf8CodeUnitCount { break }
      let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
      if (isUpper ? byte | 0x20 : byte) != lowercase.utf8Start[index] { return false }
      index += 1
    }
    return true
  }

  /// Whether a content type names a form in parts.
  static func isMultipartForm(_ contentType: String) -> Bool {
    guard hasPrefix(contentType, "multipart/form-data") else { return false }
    let next = contentType.utf8.dropFirst(19).first
    return next == nil || next == UInt8(ascii: ";") || next == UInt8(ascii: " ")
  }

  /// Whether a content type names JSON, of whatever vocabulary.
  static func isJSON(_ contentType: String) -> Bool {
    if hasPrefix(contentType, "application/x-www-form-urlencoded") { return false }
    let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    return type == "application/json" || type.hasSuffix("+json") || type == "text/json"
  }
}
