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
    var key = RawKey(position: start.position, item: RawKey.itemMax)
    while !isCancelled() {
      let items = try reader.items(after: key, through: end, bytesMax: Self.queryBytes)
      guard let last = items.last else { break }
      key = last.key
      let own = items.filter { $0.app == app }
      run.scan(own.count)
      try rows.read(own) { run.add($0) }
      guard clock.now < deadline else {
        run.cut(.time)
        break
      }
    }
    return run.finished()
  }

  /// Bodies and facts that are taken apart together.
  private static let queryBytes = 256 << 10
}
