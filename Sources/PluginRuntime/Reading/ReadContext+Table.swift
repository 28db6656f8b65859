import PluginABI
import Store

/// The functions behind `tally_request` and `tally_reply`.
extension ReadContext {
  /// Calls `body` with tables whose functions lead here.
  func withTables<T>(
    _ body: (UnsafePointer<tally_request>, UnsafePointer<tally_reply>) -> T
  ) -> T {
    withExtendedLifetime(self) {
      withUnsafePointer(to: makeRequest()) { request in
        withUnsafePointer(to: makeReply()) { reply in body(request, reply) }
      }
    }
  }

  private static func from(_ ctx: UnsafeMutableRawPointer?) -> ReadContext {
    guard let ctx else { preconditionFailure("the ctx of a request was not handed back") }
    return Unmanaged<ReadContext>.fromOpaque(ctx).takeUnretainedValue()
  }

  private func makeRequest() -> tally_request {
    var table = tally_request()
    table.struct_size = UInt32(MemoryLayout<tally_request>.size)
    table.app = question.app
    table.route = route
    table.ref = question.reference
    table.now_ms = question.nowMs
    table.deadline_ms = question.deadlineMs
    table.local_ms = question.localMs
    table.member = keep(question.member)
    table.content_type = keep(question.contentType)
    table.body = keep(question.body)
    table.app_id = keep(question.appID)
    table.method = keep(question.httpMethod)
    table.path = keep(question.path)
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.parameter = { ReadContext.from($0).parameter($1) }
    table.document = { ReadContext.from($0).document($1) }
    table.totals = { ReadContext.from($0).totals($1, $2, $3) }
    table.names = { ReadContext.from($0).names($1, $2, $3, $4) }
    table.get = { ReadContext.from($0).get($1, $2, $3) }
    table.list = { ReadContext.from($0).list($1, $2, $3) }
    table.rows = { ReadContext.from($0).rows($1, $2, $3, $4, $5) }
    table.cell = { ReadContext.from($0).cell($1, $2) }
    table.is_cancelled = { ReadContext.from($0).question.cancellation.isCancelled ? 1 : 0 }
    return table
  }

  private func makeReply() -> tally_reply {
    var table = tally_reply()
    table.struct_size = UInt32(MemoryLayout<tally_reply>.size)
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.status = { ReadContext.from($0).setStatus($1) }
    table.write = { ReadContext.from($0).write($1.bytes) }
    table.string = { ReadContext.from($0).writeString($1) }
    table.header = { ReadContext.from($0).header($1, $2) }
    return table
  }

  private func parameter(_ name: tally_str) -> tally_str {
    guard let name = name.string, let value = question.parameters[name] else { return tally_str() }
    return keep(value)
  }

  private func writeString(_ text: tally_str) {
    var quoted: [UInt8] = []
    JSONWriter.append(
      String(decoding: text.bytes, as: UTF8.self), to: &quoted, escapesHTML: escapesHTML)
    write(quoted)
  }
}
