/// Which raw items are to go: those that all of it says. Nobody's when it says nothing.
package struct RawRemoval: Sendable, Equatable {
  /// Of this app.
  package var app: UInt32?
  /// Of this user of the app.
  package var user: UInt64?
  /// Received before.
  package var receivedBeforeMs: Int64?
  /// Up to this journal position.
  package var through: UInt64?
  /// Of before, by the client's time.
  package var happenedBeforeMs: Int64?

  package init(
    app: UInt32? = nil, user: UInt64? = nil, receivedBeforeMs: Int64? = nil,
    through: UInt64? = nil, happenedBeforeMs: Int64? = nil
  ) {
    self.through = through
    self.happenedBeforeMs = happenedBeforeMs
    self.app = app
    self.user = user
    self.receivedBeforeMs = receivedBeforeMs
  }

  func takes(_ item: RawItem) -> Bool {
    if app == nil && user == nil && receivedBeforeMs == nil && through == nil
      && happenedBeforeMs == nil
    {
      return false
    }
    return app.map { $0 == item.app } ?? true && user.map { $0 == item.user } ?? true
      && receivedBeforeMs.map { item.receivedMs < $0 } ?? true
      && through.map { item.key.position <= $0 } ?? true
      && happenedBeforeMs.map { item.timestampMs < $0 } ?? true
  }

  /// What was done.
  package struct Outcome: Equatable, Sendable {
    /// Month files that are gone.
    package var files = 0
    package var items = 0

    package var isNothing: Bool { self == Outcome() }
  }
}

extension Store {
  /// Deletes raw items for good. A file of a month is unlinked where all of it goes by its age;
  /// elsewhere blocks are written anew without them, some at a time, so that commits pass between.
  /// Any thread but that of the pipeline.
  package func remove(_ removal: RawRemoval) throws(StoreError) -> RawRemoval.Outcome {
    var outcome = RawRemoval.Outcome()
    do {
      if removal.app == nil, removal.user == nil, let before = removal.receivedBeforeMs {
        outcome.files = try removingRaw { try $0.unlink(before: before) }
      }
      for path in RawFiles.paths(in: rawDirectory) {
        var after: Int64? = .min
        while let from = after {
          let step = try removingRaw { try $0.remove(removal, in: path, after: from) }
          outcome.items += step.items
          after = step.last
        }
      }
    } catch {
      throw StoreError(error, file: rawDirectory)
    }
    return outcome
  }
}
