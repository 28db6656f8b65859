import PluginABI

/// Requests to others: HTTP/1.1 and 2, TLS verified, connections shared by all plugins. Addresses
/// that are not public are refused, redirects included, unless the operator has allowed them.
public struct HTTPClient: @unchecked Sendable {
  private let table: UnsafePointer<tally_http>

  /// What is asked of whom.
  public struct Request: Sendable {
    public var method: String
    public var url: String
    public var fields: [(name: String, value: String)]
    public var body: [UInt8]
    /// At most 300 000.
    public var timeoutMs: UInt32 = 30_000
    /// Redirects that are followed, at most 10; with 0 the redirect is the answer.
    public var redirectsMax: UInt32 = 0
    /// A longer answer fails; at most 64 MiB.
    public var answerBytesMax: UInt64 = 1 << 20

    /// A request to an `http` or `https` address.
    public init(
      _ method: String = "GET", _ url: String, fields: [(name: String, value: String)] = [],
      body: [UInt8] = []
    ) {
      self.method = method
      self.url = url
      self.fields = fields
      self.body = body
    }
  }

  /// What came back.
  public struct Answer: Sendable {
    public let status: Int
    /// 11 or 20.
    public let version: Int
    /// Names in small letters.
    public let fields: [(name: String, value: String)]
    public let body: [UInt8]

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The first field of that name, in small letters.
    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
  }

  /// Fetches the service; in the plugin's `init`. [control]
  public init(_ host: Host) throws {
    table = try host.service("tally.http", as: tally_http.self)
  }

  /// Sends a request and waits for its answer. [request, job]
  public func send(_ request: Request) throws -> Answer {
    let sink = AnswerSink()
    try withExtendedLifetime(sink) {
      try request.withABI { request in
        try ServiceCall.run {
          table.pointee.perform(
            table.pointee.ctx, request, Unmanaged.passUnretained(sink).toOpaque(),
            { AnswerSink.put($0, $1) }, $0)
        }
      }
    }
    return try sink.result()
  }

  /// Begins a request. `done` is called exactly once, on a thread of the host that it must not
  /// block, also after `cancel` and when the plugin stops. [any]
  @discardableResult
  public func start(
    _ request: Request, done: @escaping @Sendable (Result<Answer, PluginError>) -> Void
  ) throws -> UInt64 {
    let sink = Unmanaged.passRetained(AnswerSink(done))
    var id: UInt64 = 0
    do {
      try request.withABI { request in
        try ServiceCall.run {
          table.pointee.start(
            table.pointee.ctx, request, sink.toOpaque(), { AnswerSink.finish($0, $1) }, &id, $0)
        }
      }
    } catch {
      sink.release()
      throw error
    }
    return id
  }

  /// Ends a request early; its `done` is told that it is gone. [any]
  public func cancel(_ id: UInt64) { _ = table.pointee.cancel(table.pointee.ctx, id) }
}

/// Keeps an answer that is lent.
private final class AnswerSink {
  private var answer: Result<HTTPClient.Answer, PluginError>?
  private let done: (@Sendable (Result<HTTPClient.Answer, PluginError>) -> Void)?

  init(_ done: (@Sendable (Result<HTTPClient.Answer, PluginError>) -> Void)? = nil) {
    self.done = done
  }

  func result() throws -> HTTPClient.Answer {
    guard let answer else { throw PluginError(.failed, "the host handed over no answer") }
    return try answer.get()
  }

  static func put(_ ctx: UnsafeMutableRawPointer?, _ answer: UnsafePointer<tally_http_answer>?) {
    guard let ctx, let answer else { return }
    Unmanaged<AnswerSink>.fromOpaque(ctx).takeUnretainedValue().answer = copy(answer.pointee)
  }

  static func finish(_ ctx: UnsafeMutableRawPointer?, _ answer: UnsafePointer<tally_http_answer>?) {
    guard let ctx, let answer else { return }
    Unmanaged<AnswerSink>.fromOpaque(ctx).takeRetainedValue().done?(copy(answer.pointee))
  }

  private static func copy(
    _ answer: tally_http_answer
  ) -> Result<HTTPClient.Answer, PluginError> {
    guard answer.failure == TALLY_OK else {
      return .failure(
        PluginError(
          PluginError.Code(rawValue: answer.failure) ?? .failed, String(Text(answer.reason))))
    }
    let fields = UnsafeBufferPointer(start: answer.fields, count: Int(answer.n_fields))
    return .success(
      HTTPClient.Answer(
        status: Int(answer.http_status), version: Int(answer.http_version),
        fields: fields.map { (String(Text($0.name)), String(Text($0.value))) },
        body: Array(
          UnsafeRawBufferPointer(start: answer.body.ptr, count: Int(answer.body.len)))))
  }
}

extension HTTPClient.Request {
  /// Lends the request as the contract has it.
  fileprivate func withABI(_ body: (UnsafePointer<tally_http_request>) throws -> Void) throws {
    let texts = ConstantTexts()
    let fields = self.fields.map {
      tally_http_field(name: texts.text($0.name), value: texts.text($0.value))
    }
    try fields.withUnsafeBufferPointer { fields in
      try ServiceCall.with(self.body) { bytes in
        var request = tally_http_request()
        request.struct_size = UInt32(MemoryLayout<tally_http_request>.size)
        request.timeout_ms = timeoutMs
        (request.method, request.url) = (texts.text(method), texts.text(url))
        (request.fields, request.n_fields) = (fields.baseAddress, UInt32(fields.count))
        request.redirects_max = redirectsMax
        (request.body, request.answer_bytes_max) = (bytes, answerBytesMax)
        try withUnsafePointer(to: request, body)
      }
    }
    withExtendedLifetime(texts) {}
  }
}
