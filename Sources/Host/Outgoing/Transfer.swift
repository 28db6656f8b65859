import CCurl
import Foundation
import PluginRuntime

/// One request under way: what libcurl reads from and writes to. The client's thread only.
final class Transfer {
  private static let connectTimeoutMs = 10_000
  private static let fieldsMax = 256

  let id: UInt64
  let easy: OpaqueHandle
  private let request: OutgoingRequest
  private let policy: AddressPolicy
  private let done: @Sendable (OutgoingAnswer) -> Void
  private var list: UnsafeMutablePointer<curl_slist>?
  private let body: UnsafeMutableRawBufferPointer
  /// Where libcurl says what was wrong with a certificate.
  private let words: UnsafeMutableRawBufferPointer
  private var answer = OutgoingAnswer()
  private var isTooLong = false
  /// The address the last connection was refused for.
  private var denial: String?

  /// libcurl's handle; imported as a bare pointer.
  typealias OpaqueHandle = UnsafeMutableRawPointer

  init?(
    id: UInt64, _ request: OutgoingRequest, policy: AddressPolicy, certificates: String?,
    done: @escaping @Sendable (OutgoingAnswer) -> Void
  ) {
    guard let easy = curl_easy_init() else { return nil }
    self.id = id
    self.easy = easy
    self.request = request
    self.policy = policy
    self.done = done
    body = .allocate(byteCount: max(request.body.count, 1), alignment: 1)
    body.copyBytes(from: request.body)
    words = .allocate(byteCount: Int(CURL_ERROR_SIZE), alignment: 1)
    words.initializeMemory(as: UInt8.self, repeating: 0)
    setTarget()
    setLimits(certificates)
    setCallbacks()
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(list)
    body.deallocate()
    words.deallocate()
  }

  // MARK: What is asked

  private func setTarget() {
    _ = tally_curl_set_text(easy, CURLOPT_URL, request.url)
    _ = tally_curl_set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https")
    _ = tally_curl_set_text(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
    // A proxy of the environment would resolve names out of our sight.
    _ = tally_curl_set_text(easy, CURLOPT_PROXY, "")
    _ = tally_curl_set_text(easy, CURLOPT_USERAGENT, "Tally/\(Product.version)")
    _ = tally_curl_set_text(easy, CURLOPT_ACCEPT_ENCODING, "")
    if request.method == "HEAD" {
      _ = tally_curl_set_long(easy, CURLOPT_NOBODY, 1)
    } else if !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method) {
      _ = tally_curl_set_long(easy, CURLOPT_POST, 1)
      _ = tally_curl_set_pointer(easy, CURLOPT_POSTFIELDS, body.baseAddress)
      _ = tally_curl_set_large(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
      // No pause for a 100 that many servers never send.
      list = curl_slist_append(list, "Expect:")
    }
    if request.method != "HEAD" {
      _ = tally_curl_set_text(easy, CURLOPT_CUSTOMREQUEST, request.method)
    }
    for field in request.fields { list = curl_slist_append(list, "\(field.name): \(field.value)") }
    _ = tally_curl_set_pointer(easy, CURLOPT_HTTPHEADER, list)
  }

  private func setLimits(_ certificates: String?) {
    _ = tally_curl_set_long(easy, CURLOPT_NOSIGNAL, 1)
    _ = tally_curl_set_long(easy, CURLOPT_TIMEOUT_MS, request.timeoutMs)
    _ = tally_curl_set_long(
      easy, CURLOPT_CONNECTTIMEOUT_MS, min(request.timeoutMs, Self.connectTimeoutMs))
    _ = tally_curl_set_long(easy, CURLOPT_FOLLOWLOCATION, request.redirectsMax > 0 ? 1 : 0)
    _ = tally_curl_set_long(easy, CURLOPT_MAXREDIRS, request.redirectsMax)
    _ = tally_curl_set_long(
      easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
    // Requests to one host share a connection of HTTP/2.
    _ = tally_curl_set_long(easy, CURLOPT_PIPEWAIT, 1)
    _ = tally_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, words.baseAddress)
    if let certificates { _ = tally_curl_set_text(easy, CURLOPT_CAINFO, certificates) }
  }

  private func setCallbacks() {
    let own = Unmanaged.passUnretained(self).toOpaque()
    _ = tally_curl_set_pointer(easy, CURLOPT_WRITEDATA, own)
    _ = tally_curl_set_writer(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, ctx in
      Transfer.from(ctx).takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    _ = tally_curl_set_pointer(easy, CURLOPT_HEADERDATA, own)
    _ = tally_curl_set_writer(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, ctx in
      Transfer.from(ctx).takeField(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    _ = tally_curl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, own)
    _ = tally_curl_set_opener(easy) { ctx, _, address in
      guard let address else { return CURL_SOCKET_BAD }
      return Transfer.from(ctx).open(address)
    }
  }

  private static func from(_ ctx: UnsafeMutableRawPointer?) -> Transfer {
    guard let ctx else { preconditionFailure("libcurl hands back what it was given") }
    return Unmanaged<Transfer>.fromOpaque(ctx).takeUnretainedValue()
  }

  // MARK: What comes back

  /// The one place where a connection begins: the address is what the name resolved to, also after
  /// a redirect.
  private func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
    let bytes = AddressPolicy.bytes(of: tally_curl_address(address))
    if let kind = policy.denial(of: bytes) {
      denial = "\(AddressPolicy.text(of: bytes)) is \(kind)"
      return CURL_SOCKET_BAD
    }
    return socket(
      address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
      address.pointee.protocol)
  }

  private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard answer.body.count + bytes.count <= request.answerBytesMax else {
      isTooLong = true
      return 0
    }
    answer.body.append(contentsOf: bytes)
    return bytes.count
  }

  private func takeField(_ bytes: UnsafeRawBufferPointer) -> Int {
    let line = String(decoding: bytes, as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      // Of a chain of redirects the last answer counts.
      answer.fields.removeAll()
      answer.body.removeAll()
    } else if let colon = line.firstIndex(of: ":"), answer.fields.count < Self.fieldsMax {
      answer.fields.append(
        (
          line[..<colon].lowercased(),
          line[line.index(after: colon)...].trimmingCharacters(in: .whitespacesAndNewlines)
        ))
    }
    return bytes.count
  }

  // MARK: The end

  /// What became of it.
  func outcome(_ code: CURLcode) -> OutgoingAnswer {
    var finished = answer
    if code == CURLE_OK {
      var (status, version) = (0, 0)
      _ = tally_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
      _ = tally_curl_get_long(easy, CURLINFO_HTTP_VERSION, &version)
      finished.status = status
      finished.version = version == CURL_HTTP_VERSION_2_0 ? 20 : 11
    } else {
      finished = failure(code)
    }
    return finished
  }

  /// Tells whoever waits; once.
  func finish(_ answer: OutgoingAnswer) { done(answer) }

  private func failure(_ code: CURLcode) -> OutgoingAnswer {
    if let denial {
      return OutgoingAnswer(
        failure: Status.denied,
        reason: "\(denial); the operator may allow it in host.outgoing_allow")
    }
    if isTooLong {
      return OutgoingAnswer(
        failure: Status.limit, reason: "the answer is over \(request.answerBytesMax) bytes")
    }
    if code == CURLE_OPERATION_TIMEDOUT {
      return OutgoingAnswer(
        failure: Status.timeout, reason: "no answer within \(request.timeoutMs) ms")
    }
    return OutgoingAnswer(failure: Status.failed, reason: reason(code))
  }

  /// What libcurl says; of TLS in detail, because only that names what is wrong with a certificate.
  private func reason(_ code: CURLcode) -> String {
    let general = String(cString: curl_easy_strerror(code))
    guard code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR else {
      return general
    }
    let detail = String(decoding: words.prefix { $0 != 0 }, as: UTF8.self)
    return "the server is not trusted: \(detail.isEmpty ? general : detail)"
  }
}
