import Store

/// Counting raw items of another folder once more, for `tally rebuild`.
extension Pipeline {
  /// How long one part of it may take.
  private static let recountSeconds = 1.0

  /// Has one consumer see a part of the raw items behind a position, and commits what it counted;
  /// answers the position it has come to. This pipeline must have counted nothing else. Not on the
  /// pipeline's thread.
  func recount(
    _ plugin: Int, after position: UInt64, through end: UInt64, rawOf folder: String
  ) throws -> UInt64 {
    var reached = position
    try atRest { [self] in
      parts.catchUp.read(rawOf: folder)
      let deadline = Clock.monotonicSeconds + Self.recountSeconds
      repeat {
        reached = try parts.catchUp.step(plugin, after: reached, through: end, parts.dispatcher)
        // What hooks emitted by then is among the raw items.
        parts.dispatcher.dropOutgoing()
      } while reached < end && Clock.monotonicSeconds < deadline
        && parts.workingSet.changedKeys < parts.limits.flushKeysMax
      flush()
      while writing { _ = try settle(writer.waitForOutcome()) }
    }
    return reached
  }
}
