import PluginRuntime
import Store

/// Who counts: changes of what runs, taken over between two batches, and consumers that are behind.
extension Pipeline {
  /// Takes over what was published since the last batch, and does what has to be done at rest.
  func takeOverChanges() throws {
    if change.hasErrands { try performErrands() }
    if let retryStalled, retryStalled < .now {
      book.retryStalled()
      self.retryStalled = nil
    }
    guard parts.runtime.publishedVersion != taken else { return }
    let next = parts.runtime.entered()
    do {
      try prepare(for: next)
    } catch {
      next.leave()
      throw error
    }
    let factNames = next.factNames
    parts.dispatcher.use(next)
    if factNames != self.factNames {
      self.factNames = factNames
      counter = parts.makeCounter(factNames)
    }
    callHeadOnly()
    taken = next.version
    change.didTake(taken)
  }

  /// What can fail comes first, so that a change is taken over whole or not at all.
  private func prepare(for next: PluginSet) throws {
    noteGivenUp()
    // Series are cached under their metric's description: with another one the cache begins anew.
    let isNew = next.metrics.contains { known in
      metrics[known.storedName].map { $0 != known } ?? false
    }
    if isNew {
      try rest()
      try parts.workingSet.reset()
    }
    try book.use(next.consumers, counted: counted) {
      try parts.store.storedPosition(ofPlugin: $0)
    }
    for metric in next.metrics { metrics[metric.storedName] = metric }
    try parts.lanes.use(next, committed: committed)
  }

  /// Plugins that failed too often keep their place, for when they come back.
  func noteGivenUp() {
    if book.giveUp(parts.dispatcher.givenUp, counted: counted) { callHeadOnly() }
    if !book.behind.isEmpty { progress.update(behind: book.behind, head: counted) }
  }

  func callHeadOnly() {
    parts.dispatcher.callOnly { book.isAtHead($0) }
    parts.router.behind = Set(book.behind.keys)
    progress.update(behind: book.behind, head: counted)
  }

  private func performErrands() throws {
    change.takeErrands(atRest: false).forEach { $0.run() }
    guard change.hasErrands else { return }
    try rest()
    change.takeErrands(atRest: true).forEach { $0.run() }
    try parts.workingSet.reset()
  }

  /// Sets where a plugin that does not run goes on; waits until it is so. Not on the pipeline's
  /// thread.
  func restart(plugin name: String, after position: UInt64, forgetting: Bool) throws {
    try atRest { [self] in
      guard !parts.runtime.set.instances.contains(where: { $0.name == name }) else {
        throw CommandError(
          .invalidArgument, "\(name) is running; disable it first, then enable it with --from")
      }
      try parts.store.restart(plugin: name, after: position, forgetting: forgetting)
      if let number = try parts.store.knownPluginNumber(name) { book.restart(number) }
    }
  }

  /// Has a plugin count a dead letter after all; returns when that is committed. Not on the
  /// pipeline's thread.
  func replay(_ letter: StoredDeadLetter) throws -> DeadLetterReplay.Outcome {
    var outcome: DeadLetterReplay.Outcome?
    try atRest { [self] in
      let result = try parts.replay.run(letter)
      if result.isCounted {
        // What it emits is kept in the transaction that counts it.
        parts.router.collect()
        flush()
        while writing { _ = try settle(writer.waitForOutcome()) }
      }
      outcome = result
    }
    guard let outcome else { preconditionFailure("an errand that ended well has an outcome") }
    return outcome
  }

  /// Up to where a consumer's deaths are settled: it will not see those items again.
  func settledPosition(_ name: String) -> UInt64 {
    guard let number = parts.runtime.set.instances.first(where: { $0.name == name })?.number else {
      return 0
    }
    return min(committed, book.storedPosition(number) ?? committed)
  }

  // MARK: Catching up

  /// Gives consumers that are behind their share of time. `took` is what live work took before.
  func catchUp(afterLiveWork took: Duration, isIdle: Bool) throws {
    noteGivenUp()
    guard let last = book.last else { return }
    if last.position >= committed { return try approach(last.plugin) }
    guard let slice = budget.slice(afterLiveWork: took, isIdle: isIdle) else { return }
    let clock = ContinuousClock()
    let began = clock.now
    repeat {
      guard let last = book.last, last.position < committed else { break }
      try advance(last.plugin, after: last.position)
    } while clock.now - began < slice
    budget.spend(clock.now - began)
    progress.update(behind: book.behind, head: counted)
  }

  /// How long a consumer waits that cannot read on.
  private static let stallDuration = Duration.seconds(30)

  private func advance(_ plugin: Int, after position: UInt64) throws {
    do {
      let reached = try parts.catchUp.step(
        plugin, after: position, through: committed, parts.dispatcher)
      parts.router.collect()
      book.advance(plugin, to: reached)
      noteGivenUp()
    } catch let error as CatchUp.Unreadable {
      book.stall(plugin)
      retryStalled = .now + Self.stallDuration
      parts.log.error(
        "raw items cannot be read; a plugin that is behind waits",
        metadata: [
          "consumer": "\(plugin)", "position": "\(position)", "error": "\(error.underlying)",
        ])
    }
  }

  /// A consumer has seen everything that is committed. Under load there is always something that is
  /// not; the first time it is only committed soon, so that little is left, and the second time
  /// live work waits for that little.
  private func approach(_ plugin: Int) throws {
    if counted > committed {
      guard approached == plugin else {
        approached = plugin
        isHurried = true
        return
      }
      try rest()
      while let position = book.behind[plugin], position < committed,
        !book.stalled.contains(plugin)
      { try advance(plugin, after: position) }
    }
    approached = nil
    guard let position = book.behind[plugin], position >= counted else { return }
    book.join(plugin)
    isHurried = true
    callHeadOnly()
    parts.log.info("plugin is at the head", metadata: ["consumer": "\(plugin)"])
  }

  /// Whether a consumer that is behind could go on at once.
  var canCatchUp: Bool {
    guard let last = book.last else { return false }
    return last.position < committed || counted == committed
  }

  // MARK: Resting

  /// Commits everything that was counted, and waits for it.
  func rest() throws {
    while writing { _ = try settle(writer.waitForOutcome()) }
    guard counted > committed || book.isDirty else { return }
    flush()
    while writing { _ = try settle(writer.waitForOutcome()) }
  }
}
