extension Store {
  /// Answers a query over the raw items of an app, as of now, within `RawQueryLimits`. Blocks; any
  /// thread. `isCancelled` says that nobody waits any more.
  package func answer(
    _ query: RawQuery, app: UInt32, rows: some RawRows, isCancelled: () -> Bool = { false }
  ) throws -> RawAnswer {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(RawQueryLimits.seconds)
    let end = committedPosition
    let reader = RawReader(self)
    // Nothing is about a time later than its receipt.
    let start = try reader.start(
      since: query.fromMs, itemsMax: RawQueryLimits.itemsMax, through: end)
    var run = RawQueryRun(query)
    if start.receivedMs != nil { run.cut(.items) }
    let successors = try successors(app: app, &run)
    var key = RawKey(position: start.position, item: RawKey.itemMax)
    while !isCancelled() {
      let items = try reader.items(after: key, through: end, bytesMax: Self.queryBytes)
      guard let last = items.last else { break }
      key = last.key
      var own = items.filter { $0.app == app }
      if !successors.isEmpty {
        for place in own.indices {
          own[place].user = successors[own[place].user] ?? own[place].user
        }
      }
      run.scan(own.count)
      try rows.read(own) { run.add($0) }
      guard clock.now < deadline else {
        run.cut(.time)
        break
      }
    }
    return run.finished()
  }

  /// Who is who today: everybody for whom another user goes on, and that user.
  private func successors(app: UInt32, _ run: inout RawQueryRun) throws -> [UInt64: UInt64] {
    let merges = try merges(app: app, limit: RawQueryLimits.mergesMax + 1)
    if merges.count > RawQueryLimits.mergesMax { run.cut(.users) }
    var found: [UInt64: UInt64] = [:]
    // The latest first, so that whom a user was merged into is known to its end.
    for merge in merges.prefix(RawQueryLimits.mergesMax) {
      found[merge.from] = found[merge.into] ?? merge.into
    }
    return found
  }

  /// Bodies and facts that are taken apart together.
  private static let queryBytes = 256 << 10
}
