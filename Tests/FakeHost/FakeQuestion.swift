import PluginABI

/// One question to one plugin.
final class FakeQuestion {
  private let plugin: FakePlugin
  private let path: String
  private var status = 200
  private var body = ""
  private var lent: [UnsafeMutableRawBufferPointer] = []
  private var parameters: [String: tally_str] = [:]

  init(_ plugin: FakePlugin, _ parameters: [String: String], _ path: String) {
    self.plugin = plugin
    self.path = path
    self.parameters = parameters.mapValues { lend(text: $0) }
  }

  deinit { lent.forEach { $0.deallocate() } }

  private func lend(_ bytes: [UInt8]) -> tally_bytes {
    let copy = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(bytes.count, 1), alignment: 8)
    copy.copyBytes(from: bytes)
    lent.append(copy)
    return tally_bytes(ptr: copy.baseAddress, len: UInt64(bytes.count))
  }

  private func lend(text: String) -> tally_str {
    let bytes = lend(Array(text.utf8))
    return tally_str(ptr: bytes.ptr?.assumingMemoryBound(to: CChar.self), len: bytes.len)
  }

  private static func from(_ ctx: UnsafeMutableRawPointer?) -> FakeQuestion {
    guard let ctx else { preconditionFailure("the plugin did not hand its ctx back") }
    return Unmanaged<FakeQuestion>.fromOpaque(ctx).takeUnretainedValue()
  }

  func ask(_ route: tally_route, number: UInt32) -> (status: Int, body: String) {
    var request = makeRequest()
    request.route = number
    let reply = makeReply()
    let (status, reason) = plugin.host.collect { error in
      withUnsafePointer(to: request) { request in
        withUnsafePointer(to: reply) { route.answer(plugin.instance, request, $0, error) }
      }
    }
    return status == TALLY_OK ? (self.status, body) : (500, reason)
  }

  private func makeReply() -> tally_reply {
    var reply = tally_reply()
    reply.struct_size = UInt32(MemoryLayout<tally_reply>.size)
    reply.ctx = Unmanaged.passUnretained(self).toOpaque()
    reply.status = { FakeQuestion.from($0).status = Int($1) }
    reply.write = { FakeQuestion.from($0).body += $1.string }
    reply.header = { _, _, _ in }
    reply.string = { ctx, text in
      let escaped = text.string.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      FakeQuestion.from(ctx).body += "\"\(escaped)\""
    }
    return reply
  }

  private func makeRequest() -> tally_request {
    var request = tally_request()
    request.struct_size = UInt32(MemoryLayout<tally_request>.size)
    request.app = 1
    request.app_id = lend(text: "665b00000000000000000001")
    request.method = lend(text: "GET")
    request.path = lend(text: path)
    request.ctx = Unmanaged.passUnretained(self).toOpaque()
    request.ref = 1
    request.is_cancelled = { _ in 0 }
    request.parameter = { FakeQuestion.from($0).parameters[$1.string] ?? tally_str() }
    request.document = { ctx, question in
      question.map { FakeQuestion.from(ctx).document($0.pointee) } ?? TALLY_INVALID
    }
    request.totals = { ctx, question, visitCtx, visit in
      guard let question, let visit else { return TALLY_INVALID }
      return FakeQuestion.from(ctx).totals(question.pointee) { visit(visitCtx, $0) != 0 }
    }
    request.names = { ctx, metric, subject, visitCtx, visit in
      guard let visit else { return TALLY_INVALID }
      let question = FakeQuestion.from(ctx)
      for name in question.names(metric, subject.string) {
        if visit(visitCtx, question.lend(text: name)) == 0 { break }
      }
      return TALLY_OK
    }
    request.get = { FakeQuestion.from($0).get($1, $2.string, $3) }
    request.list = { ctx, collection, visitCtx, visit in
      guard let visit else { return TALLY_INVALID }
      let question = FakeQuestion.from(ctx)
      for (key, document) in question.documents(collection) {
        if visit(visitCtx, question.lend(text: key), question.lend(document)) == 0 { break }
      }
      return TALLY_OK
    }
    request.rows = { _, _, _, _, _, _ in TALLY_UNSUPPORTED }
    request.cell = { ctx, user, out in
      let question = FakeQuestion.from(ctx)
      let cell = question.plugin.host.cell(question.plugin.name, user: user)
      guard !cell.isEmpty else { return TALLY_NOT_FOUND }
      out?.pointee = question.lend(cell)
      return TALLY_OK
    }
    return request
  }

  /// Not the nested document of the product: what was asked for, and the sums of the month buckets.
  private func document(_ question: tally_question) -> tally_status {
    guard question.metric >= 1, Int(question.metric) <= plugin.metrics.count else {
      return TALLY_INVALID
    }
    let metric = plugin.metrics[Int(question.metric) - 1]
    let subjects = question.subject.string.split(
      separator: "\0", omittingEmptySubsequences: false)
    var sums: [String: Int64] = [:]
    for subject in subjects {
      let one = plugin.host.total(
        metric.name, subject: String(subject), grain: TALLY_GRAIN_MONTH)
      sums.merge(one, uniquingKeysWith: +)
    }
    guard !sums.isEmpty else {
      body += "{}"
      return TALLY_OK
    }
    let numbers = sums.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
    body +=
      "{\"\(metric.name)/\(subjects.joined(separator: "+"))/\(question.dimension.string)\":{"
      + numbers.joined(separator: ",") + "}}"
    return TALLY_OK
  }

  private func totals(
    _ question: tally_question, _ visit: (UnsafePointer<tally_total>) -> Bool
  ) -> tally_status {
    guard question.metric >= 1, Int(question.metric) <= plugin.metrics.count else {
      return TALLY_INVALID
    }
    let metric = plugin.metrics[Int(question.metric) - 1]
    let bySubject = question.flags & TALLY_QUESTION_BY_SUBJECT != 0
    let series = plugin.host.store.discovered.filter {
      $0.metric == metric.name
        && (bySubject
          ? $0.dimension.isEmpty && !$0.subject.isEmpty
          : $0.subject == question.subject.string && $0.dimension == question.dimension.string)
    }
    let lines = series.map { series -> (String, [Int64]) in
      let sums = plugin.host.total(
        metric.name, subject: series.subject, dimension: series.dimension, value: series.value,
        grain: TALLY_GRAIN_MONTH)
      return (
        bySubject ? series.subject : series.value, metric.measures.map { sums[$0.name] ?? 0 }
      )
    }
    for (name, measures) in lines.sorted(by: { $0.1[0] > $1.1[0] }) {
      var total = tally_total()
      total.struct_size = UInt32(MemoryLayout<tally_total>.size)
      total.n_measures = UInt32(measures.count)
      total.name = lend(text: name)
      let goesOn = measures.withUnsafeBufferPointer { measures in
        total.measures = measures.baseAddress
        return visit(&total)
      }
      if !goesOn { break }
    }
    return TALLY_OK
  }

  private func names(_ metric: UInt32, _ subject: String) -> [String] {
    let name = plugin.metrics[Int(metric) - 1].name
    var names: [String] = []
    for series in plugin.host.store.discovered where series.metric == name {
      let found = subject.isEmpty ? series.subject : series.dimension
      if subject.isEmpty || series.subject == subject, !found.isEmpty, !names.contains(found) {
        names.append(found)
      }
    }
    return names
  }

  private func documents(_ collection: UInt32) -> [(key: String, value: [UInt8])] {
    let name = plugin.collections[Int(collection) - 1].name
    return plugin.host.store.documents.filter {
      $0.key.plugin == plugin.name && $0.key.collection == name
    }.map { (key: $0.key.key, value: $0.value) }.sorted { $0.key < $1.key }
  }

  private func get(
    _ collection: UInt32, _ key: String, _ out: UnsafeMutablePointer<tally_bytes>?
  ) -> tally_status {
    guard let found = documents(collection).first(where: { $0.key == key }) else {
      return TALLY_NOT_FOUND
    }
    out?.pointee = lend(found.value)
    return TALLY_OK
  }
}
