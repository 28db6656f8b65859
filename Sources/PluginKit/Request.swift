import PluginABI

/// A question from outside, and the snapshot it is answered from. Borrowed.
public struct Request: ~Copyable {
  private let pointer: UnsafePointer<tally_request>

  init(_ pointer: UnsafePointer<tally_request>) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_request>.size) else {
      throw PluginError(.unsupported, "the host's tally_request is older than this plugin")
    }
    self.pointer = pointer
  }

  public var app: UInt32 { pointer.pointee.app }
  /// 24 hexadecimal digits.
  public var appID: Text { Text(pointer.pointee.app_id) }
  /// Which of the plugin's routes is asked.
  public var route: Route { Route(number: pointer.pointee.route) }
  /// "GET", "POST", …
  public var method: Text { Text(pointer.pointee.method) }
  public var path: Text { Text(pointer.pointee.path) }
  /// 24 hexadecimal digits; empty when the route is public.
  public var member: Text { Text(pointer.pointee.member) }
  public var nowMs: Int64 { pointer.pointee.now_ms }
  /// Now on the clocks of the app's zone: milliseconds since their 1970-01-01 00:00.
  public var localMs: Int64 { pointer.pointee.local_ms }
  public var contentType: Text { Text(pointer.pointee.content_type) }

  /// The body as it was sent.
  public var body: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: pointer.pointee.body.ptr, count: Int(pointer.pointee.body.len))
  }

  /// Whether nobody waits for the answer any more; to be asked now and then in long loops.
  public var isCancelled: Bool {
    (pointer.pointee.is_cancelled?(pointer.pointee.ctx) ?? 0) != 0
  }

  /// The decoded parameter, or nil.
  public subscript(name: Text) -> Text? {
    guard let found = pointer.pointee.parameter?(pointer.pointee.ctx, name.abi), found.ptr != nil
    else { return nil }
    return Text(found)
  }

  /// Appends the nested time document to the reply; `{}` when there is nothing.
  public func document(_ question: Question) throws {
    let status = withUnsafePointer(to: question.abi) {
      pointer.pointee.document?(pointer.pointee.ctx, $0) ?? TALLY_UNSUPPORTED
    }
    try PluginError.check(status, "the host could not make the document")
  }

  /// Calls `visit` once per value or subject, largest first measure first, until it returns false.
  public func totals(_ question: Question, _ visit: (Total) throws -> Bool) throws {
    try Visit.run(visit) { ctx in
      try PluginError.check(
        withUnsafePointer(to: question.abi) {
          pointer.pointee.totals?(
            pointer.pointee.ctx, $0, ctx,
            { ctx, total in total.map { Visit.call(ctx, Total($0)) } ?? 0 }) ?? TALLY_UNSUPPORTED
        }, "the host could not add up the totals")
    }
  }

  /// Calls `visit` once per point of a chart over the period, in order, until it returns false: of
  /// the total, or of one value. A line's name is `2025-3-14 9`, `2025-3-14` or `2025-3`.
  public func ticks(_ question: Question, _ visit: (Total) throws -> Bool) throws {
    var question = question
    question.abi.flags |= TALLY_QUESTION_BY_TICK
    try totals(question, visit)
  }

  /// Calls `visit` for each subject of the metric, or each dimension of `subject`, in order of
  /// discovery.
  public func names(
    _ metric: Metric, subject: Text = "", _ visit: (Text) throws -> Bool
  ) throws {
    try Visit.run(visit) { ctx in
      try PluginError.check(
        pointer.pointee.names?(
          pointer.pointee.ctx, metric.number, subject.abi, ctx, { Visit.call($0, Text($1)) })
          ?? TALLY_UNSUPPORTED, "the host could not list the names")
    }
  }

  /// A document of a collection, or nil.
  public func get(_ collection: Collection, key: Text) throws -> UnsafeRawBufferPointer? {
    var found = tally_bytes()
    let status =
      pointer.pointee.get?(pointer.pointee.ctx, collection.number, key.abi, &found)
      ?? TALLY_UNSUPPORTED
    return try bytes(found, status, "the host could not read the document")
  }

  /// One document of a collection. Borrowed: valid inside the visit.
  public typealias Document = (key: Text, document: UnsafeRawBufferPointer)

  /// Calls `visit` for each document of a collection, by key, until it returns false.
  public func list(
    _ collection: Collection, _ visit: (Document) throws -> Bool
  ) throws {
    try Visit.run(visit) { ctx in
      try PluginError.check(
        pointer.pointee.list?(
          pointer.pointee.ctx, collection.number, ctx,
          { ctx, key, document in
            let bytes = UnsafeRawBufferPointer(start: document.ptr, count: Int(document.len))
            return Visit.call(ctx, (key: Text(key), document: bytes) as Document)
          }) ?? TALLY_UNSUPPORTED, "the host could not list the documents")
    }
  }

  /// One row of a table. Borrowed: valid inside the visit.
  public typealias Row = (key: Text, receivedMs: Int64, payload: UnsafeRawBufferPointer)

  /// Calls `visit` for the newest rows of a table, newest first; an empty key means all keys.
  public func rows(
    _ table: Table, key: Text = "", limit: Int, _ visit: (Row) throws -> Bool
  ) throws {
    try Visit.run(visit) { ctx in
      try PluginError.check(
        pointer.pointee.rows?(
          pointer.pointee.ctx, table.number, key.abi, UInt32(limit), ctx,
          { ctx, key, received, payload in
            let bytes = UnsafeRawBufferPointer(start: payload.ptr, count: Int(payload.len))
            return Visit.call(ctx, (key: Text(key), receivedMs: received, payload: bytes) as Row)
          }) ?? TALLY_UNSUPPORTED, "the host could not list the rows")
    }
  }

  /// The plugin's cell of a user, or nil.
  public func cell(user: UInt64) throws -> UnsafeRawBufferPointer? {
    var found = tally_bytes()
    let status =
      pointer.pointee.cell?(pointer.pointee.ctx, user, &found) ?? TALLY_UNSUPPORTED
    return try bytes(found, status, "the host could not read the cell")
  }

  private func bytes(
    _ found: tally_bytes, _ status: tally_status, _ what: String
  ) throws -> UnsafeRawBufferPointer? {
    guard status != TALLY_NOT_FOUND else { return nil }
    try PluginError.check(status, what)
    return UnsafeRawBufferPointer(start: found.ptr, count: Int(found.len))
  }
}

/// Carries a Swift closure through a C callback, and what it throws back out.
final class Visit<Line> {
  private let visit: (Line) throws -> Bool
  private var failure: (any Error)?

  private init(_ visit: @escaping (Line) throws -> Bool) {
    self.visit = visit
  }

  static func run(
    _ visit: (Line) throws -> Bool, _ body: (UnsafeMutableRawPointer) throws -> Void
  ) throws {
    try withoutActuallyEscaping(visit) { visit in
      let carrier = Visit(visit)
      try withExtendedLifetime(carrier) {
        try body(Unmanaged.passUnretained(carrier).toOpaque())
      }
      if let failure = carrier.failure { throw failure }
    }
  }

  static func call(_ ctx: UnsafeMutableRawPointer?, _ line: Line) -> Int32 {
    guard let ctx else { return 0 }
    let carrier = Unmanaged<Visit<Line>>.fromOpaque(ctx).takeUnretainedValue()
    do {
      return try carrier.visit(line) ? 1 : 0
    } catch {
      carrier.failure = error
      return 0
    }
  }
}
