/// Whoever waits for entries to become durable; one per event loop.
package protocol JournalSink: AnyObject, Sendable {
  /// Called on the writer's thread, once per group that holds entries of this sink. When `durable`
  /// is false the entries were not kept. Must not block: the next group waits.
  func completed(_ tokens: [UInt64], durable: Bool)
}
