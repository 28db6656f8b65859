/// A request of a plugin to somebody else.
package struct OutgoingRequest: Sendable {
  package var plugin: String
  package var method = "GET"
  package var url: String
  package var fields: [(name: String, value: String)] = []
  package var body: [UInt8] = []
  package var timeoutMs = 30_000
  package var redirectsMax = 0
  package var answerBytesMax = 1 << 20

  package init(plugin: String, url: String) {
    self.plugin = plugin
    self.url = url
  }
}

/// What came back, or why nothing did.
package struct OutgoingAnswer: Sendable {
  /// `TALLY_OK`, or what kind of failure it is.
  package var failure: Int32 = 0
  package var reason = ""
  package var status = 0
  /// 11 or 20.
  package var version = 0
  package var fields: [(name: String, value: String)] = []
  package var body: [UInt8] = []

  package init() {}

  package init(failure: Int32, reason: String) {
    self.failure = failure
    self.reason = reason
  }
}

/// Whoever sends requests for plugins. Any thread; nothing blocks.
package protocol OutgoingHTTP: AnyObject, Sendable {
  /// Begins a request; `done` is called exactly once, with its number, on a thread that must not be blocked. Nil
  /// when too many are under way: then `done` is never called.
  func start(
    _ request: OutgoingRequest, done: @escaping @Sendable (UInt64, OutgoingAnswer) -> Void
  ) -> UInt64?
  /// Ends a request early.
  func cancel(_ id: UInt64)
}
