import Foundation
import PluginABI
import Synchronization

/// Limits of outgoing requests.
enum HTTPServiceLimits {
  static let fieldsMax = 64
  static let urlBytesMax = 8_192
  static let fieldBytesMax = 8_192
  static let bodyBytesMax = 16 << 20
  static let answerBytesDefault = 1 << 20
  static let answerBytesMax = 64 << 20
  static let timeoutDefaultMs: UInt32 = 30_000
  static let timeoutMaxMs: UInt32 = 300_000
  static let redirectsMax: UInt32 = 10
}

/// What a plugin is told of an answer.
typealias HTTPVisit =
  @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<tally_http_answer>?) -> Void

extension tally_http {
  static func serving(_ ctx: UnsafeMutableRawPointer) -> tally_http {
    var table = tally_http()
    table.struct_size = UInt32(MemoryLayout<tally_http>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.start = { ctx, request, doneCtx, done, out, error in
      ServiceContext.call(ctx, .http, "start", from: .any, error) {
        let id = try $0.start(request, HTTPReceiver(ctx: doneCtx, visit: done))
        out?.pointee = id
      }
    }
    table.cancel = { ctx, id in
      ServiceContext.call(ctx, .http, "cancel", from: .any, nil) { try $0.cancel(id) }
    }
    table.perform = { ctx, request, visitCtx, visit, error in
      ServiceContext.call(ctx, .http, "perform", from: .blocking, error) {
        try $0.perform(request, HTTPReceiver(ctx: visitCtx, visit: visit))
      }
    }
    return table
  }
}

/// Whom an answer is for; threads of the host hand it back.
struct HTTPReceiver: @unchecked Sendable {
  let ctx: UnsafeMutableRawPointer?
  let visit: HTTPVisit?

  /// Lends the answer for the length of the call.
  func receive(_ answer: OutgoingAnswer) {
    guard let visit else { return }
    let texts = answer.fields.flatMap { [Array($0.name.utf8), Array($0.value.utf8)] }
    let joined = texts.flatMap { $0 }
    joined.withUnsafeBufferPointer { joined in
      var offset = 0
      let views = texts.map { text in
        defer { offset += text.count }
        let start = joined.baseAddress.map { UnsafeRawPointer($0 + offset) }
        return tally_str(ptr: start?.assumingMemoryBound(to: CChar.self), len: UInt64(text.count))
      }
      let fields = stride(from: 0, to: views.count, by: 2).map {
        tally_http_field(name: views[$0], value: views[$0 + 1])
      }
      fields.withUnsafeBufferPointer { fields in
        answer.body.withTallyBytes { body in
          Array(answer.reason.utf8).withTallyText { reason in
            var table = tally_http_answer()
            table.struct_size = UInt32(MemoryLayout<tally_http_answer>.size)
            table.failure = answer.failure
            table.http_status = UInt32(answer.status)
            table.http_version = UInt32(answer.version)
            (table.body, table.reason) = (body, reason)
            (table.fields, table.n_fields) = (fields.baseAddress, UInt32(fields.count))
            withUnsafePointer(to: table) { visit(ctx, $0) }
          }
        }
      }
    }
  }
}

extension ServiceContext {
  fileprivate func start(
    _ pointer: UnsafePointer<tally_http_request>?, _ receiver: HTTPReceiver
  ) throws -> UInt64 {
    guard receiver.visit != nil else { throw ServiceError(TALLY_INVALID, "done is NULL") }
    return try send(try outgoing(pointer)) { receiver.receive($0) }
  }

  fileprivate func cancel(_ id: UInt64) throws {
    guard requests.withLock({ $0.contains(id) }) else {
      throw ServiceError(TALLY_NOT_FOUND, "no request \(id) is under way")
    }
    host.http.cancel(id)
  }

  fileprivate func perform(
    _ pointer: UnsafePointer<tally_http_request>?, _ receiver: HTTPReceiver
  ) throws {
    let kept = KeptAnswer()
    _ = try send(try outgoing(pointer)) { kept.put($0) }
    // The client bounds every request by its timeout.
    let answer = kept.wait()
    receiver.receive(answer)
    if answer.failure != TALLY_OK { throw ServiceError(answer.failure, answer.reason) }
  }

  private func send(
    _ request: OutgoingRequest, _ done: @escaping @Sendable (OutgoingAnswer) -> Void
  ) throws(ServiceError) -> UInt64 {
    account.count(.http, bytes: request.url.utf8.count + request.body.count)
    // Locked until the number is in the set: the answer may come before.
    let id: UInt64? = requests.withLock { requests in
      let id = host.http.start(request) { [unowned self] id, answer in
        account.count(.http, bytes: max(answer.body.count, 1))
        done(answer)
        self.requests.withLock { _ = $0.remove(id) }
      }
      if let id { requests.insert(id) }
      return id
    }
    guard let id else {
      throw ServiceError(TALLY_LIMIT, "too many requests are under way; try again later")
    }
    return id
  }

  /// Ends every request that is under way; false when somebody was not told in time.
  func endRequests() -> Bool {
    for id in requests.withLock({ $0 }) { host.http.cancel(id) }
    let deadline = ContinuousClock.now + .seconds(Self.drainSeconds)
    while !requests.withLock({ $0.isEmpty }) {
      guard ContinuousClock.now < deadline else { return false }
      usleep(2_000)
    }
    return true
  }

  /// A checked copy of what the plugin asks for.
  private func outgoing(
    _ pointer: UnsafePointer<tally_http_request>?
  ) throws(ServiceError) -> OutgoingRequest {
    let given = try check(pointer, "tally_http_request")
    guard let url = given.url.string, url.utf8.count <= HTTPServiceLimits.urlBytesMax,
      url.hasPrefix("http://") || url.hasPrefix("https://"), Self.isPlain(url)
    else {
      throw ServiceError(
        TALLY_INVALID,
        "a url begins with http:// or https:// and is at most \(HTTPServiceLimits.urlBytesMax) bytes"
      )
    }
    guard let method = given.method.string, method.utf8.count <= 32,
      method.utf8.allSatisfy({ (65...90).contains($0) })
    else { throw ServiceError(TALLY_INVALID, "a method is capital letters") }
    guard given.body.len <= HTTPServiceLimits.bodyBytesMax,
      given.answer_bytes_max <= HTTPServiceLimits.answerBytesMax,
      given.timeout_ms <= HTTPServiceLimits.timeoutMaxMs,
      given.redirects_max <= HTTPServiceLimits.redirectsMax
    else {
      throw ServiceError(
        TALLY_LIMIT,
        "a body is at most \(HTTPServiceLimits.bodyBytesMax) bytes, answer_bytes_max "
          + "\(HTTPServiceLimits.answerBytesMax), timeout_ms \(HTTPServiceLimits.timeoutMaxMs), "
          + "redirects_max \(HTTPServiceLimits.redirectsMax)")
    }
    var request = OutgoingRequest(plugin: plugin, url: url)
    request.method = method.isEmpty ? "GET" : method
    request.fields = try fields(given)
    request.body = Array(given.body.bytes)
    request.redirectsMax = Int(given.redirects_max)
    request.timeoutMs = Int(
      given.timeout_ms == 0 ? HTTPServiceLimits.timeoutDefaultMs : given.timeout_ms)
    request.answerBytesMax =
      given.answer_bytes_max == 0
      ? HTTPServiceLimits.answerBytesDefault : Int(given.answer_bytes_max)
    return request
  }

  private func fields(
    _ given: tally_http_request
  ) throws(ServiceError) -> [(name: String, value: String)] {
    guard given.n_fields <= HTTPServiceLimits.fieldsMax else {
      throw ServiceError(TALLY_LIMIT, "more than \(HTTPServiceLimits.fieldsMax) fields")
    }
    guard let start = given.fields else { return [] }
    var fields: [(name: String, value: String)] = []
    for place in 0..<Int(given.n_fields) {
      guard let name = start[place].name.string, let value = start[place].value.string,
        !name.isEmpty, !name.contains(":"), Self.isPlain(name), Self.isPlain(value),
        name.utf8.count + value.utf8.count <= HTTPServiceLimits.fieldBytesMax
      else {
        throw ServiceError(
          TALLY_INVALID, "field \(place) has no name, is too long, or holds control characters")
      }
      fields.append((name, value))
    }
    return fields
  }

  /// Nothing that would end a line of the request.
  private static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }
}

/// An answer on its way from the client's thread to the one that waits.
private final class KeptAnswer: @unchecked Sendable {
  private let arrived = DispatchSemaphore(value: 0)
  private var answer = OutgoingAnswer()

  func put(_ answer: OutgoingAnswer) {
    self.answer = answer
    arrived.signal()
  }

  func wait() -> OutgoingAnswer {
    arrived.wait()
    return answer
  }
}
