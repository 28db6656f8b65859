/// A request that goes to another server instead of into the journal (protocol 1.6, step 12).
struct Forward: Sendable {
  /// Says that a request was redirected already: a second time would be a loop. A parameter, so that
  /// it gets through servers of other kinds, which send on what they do not know.
  static let mark = "tally_redirected=1"

  /// As the operator wrote it; what the client is told.
  let target: String
  private let path: String
  private let query: [UInt8]
  /// Nil of a GET.
  let body: [UInt8]?
  let contentType: String
  /// How much of the client's address may be told.
  let addresses: AddressMode
  /// The client said its address itself.
  let hasAddress: Bool

  init(_ request: IntakeRequest, to target: String, addresses: AddressMode, hasAddress: Bool) {
    self.target = target
    self.addresses = addresses
    self.hasAddress = hasAddress
    path = request.route == .bulk ? "/i/bulk" : "/i"
    query = Array(request.query)
    body = request.body.map { Array($0) }
    contentType =
      switch request.format {
      case .form: "application/x-www-form-urlencoded"
      case .json: "application/json"
      case .multipart: "multipart/form-data; boundary=\(Self.boundary(of: request))"
      }
  }

  private static func boundary(of request: IntakeRequest) -> String {
    guard let line = request.body.flatMap({ MultipartForm.boundary(of: $0) }) else { return "" }
    return "\"\(String(decoding: line.dropFirst(2), as: UTF8.self))\""
  }

  /// Where it goes, with what is known of the client's address.
  func url(address: String?) -> String {
    var text = target.hasSuffix("/") ? String(target.dropLast()) : target
    text += path + "?"
    for byte in query {
      // A request line holds no more than these; the rest was encoded by nobody.
      if byte > 0x20, byte < 0x7F {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    if !query.isEmpty { text += "&" }
    text += Self.mark
    if let address, !hasAddress { text += "&ip_address=\(address)" }
    return text
  }
}

extension Intake {
  /// Has a request of a redirected app go where the app's requests go.
  @inline(never)
  func redirect(_ request: IntakeRequest, _ sender: Sender) throws(IntakeRefusal) {
    guard let target = sender.view.redirect else { return }
    guard parameters[.redirected] == nil else { throw IntakeRefusal(.redirectLoop) }
    forward = Forward(
      request, to: target, addresses: sender.view.addresses,
      hasAddress: parameters[.address] != nil)
    throw IntakeRefusal(.redirected)
  }
}

extension Intake {
  /// What goes somewhere else, and where. `origin` says where it came from.
  func takeForward() -> (forward: Forward, url: String)? {
    guard let taken = forward else { return nil }
    forward = nil
    return (taken, taken.url(address: address(for: taken.addresses)?.text))
  }
}
