import Foundation
import Store
import Synchronization

/// Answers queries over raw items, one at a time: each may read for long, and others wait for the
/// read threads too.
final class RawQuestions: Sendable {
  /// Days a query is about that names no times.
  static let daysByDefault: Int64 = 30

  private let store: Store
  private let retentionMonths: Int
  private let isBusy = Mutex(false)

  init(store: Store, retentionMonths: Int) {
    self.store = store
    self.retentionMonths = retentionMonths
  }

  /// The query is the parameter `query`, or the JSON body.
  func answer(_ request: QueryRequest, _ app: RegisteredApp, nowMs: Int64) throws -> QueryReply {
    let query: RawQuery
    do {
      let text = request.parameters["query"].map { Array($0.utf8) } ?? request.body
      query = Self.filled(try JSONDecoder().decode(RawQuery.self, from: Data(text)), nowMs: nowMs)
    } catch { return Self.refusal(Self.words(error)) }
    if let fault = query.fault { return Self.refusal(fault) }
    guard begin() else {
      return QueryReply(
        status: 503, body: QueryReply(status: 503, message: "Another query is answered").body,
        headers: [(name: "Retry-After", value: "5")])
    }
    defer { isBusy.withLock { $0 = false } }
    do {
      let rows = try RawFieldReader(
        query, calendar: app.calendar, retentionMonths: retentionMonths)
      return try .json(
        store.answer(query, app: app.number, rows: rows) { request.cancellation.isCancelled })
    } catch let unknown as RawFieldUnknown {
      return Self.refusal("there is no field \"\(unknown.name)\"")
    }
  }

  private func begin() -> Bool {
    isBusy.withLock { isBusy in
      defer { isBusy = true }
      return !isBusy
    }
  }

  private static func filled(_ query: RawQuery, nowMs: Int64) -> RawQuery {
    var query = query
    if query.toMs == .max { query.toMs = nowMs + 1 }
    if query.fromMs == .min { query.fromMs = query.toMs - daysByDefault * 86_400_000 }
    return query
  }

  private static func refusal(_ reason: String) -> QueryReply {
    QueryReply(status: 400, message: "Invalid parameter \"query\": \(reason)")
  }

  private static func words(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "it is no JSON object" }
    func path(_ context: DecodingError.Context, _ more: [any CodingKey] = []) -> String {
      (context.codingPath + more)
        .map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(path(context, [key])) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .dataCorrupted(let context):
      let place = path(context)
      return place.isEmpty ? "it is no JSON object" : "\(place) is not what it should be"
    @unknown default: return "it cannot be read"
    }
  }
}
