import Foundation
import Journal
import Logging
import PluginRuntime
import Store
import Synchronization

/// The one thread that counts. It takes durable entries from the journal in order, has every hook
/// see them, and hands what changed to the store writer. What fails is begun again from the last
/// commit.
final class Pipeline: @unchecked Sendable {
  /// What one step takes from the journal: as much as still fits into the caches of one core when
  /// it is decoded.
  static let batchBytesMax = 128 << 10
  static let batchEntriesMax = 512
  /// The wait before work begins again after the store failed.
  static let retryDelaySeconds = 1.0

  struct Parts {
    let journal: Journal
    let store: Store
    let workingSet: WorkingSet
    let runtime: PluginRuntime
    let dispatcher: Dispatcher
    /// A counter for plugins with these names of facts.
    let makeCounter: ([UInt32: [UInt8]]) -> BatchCounter
    let catchUp: CatchUp
    let router: EntryRouter
    let lanes: CommittedLanes
    let suspectsPath: String
    let limits: Limits
    let log: Logger
    let faults: FaultPoints
    let replay: DeadLetterReplay
  }

  let gate: CommitGate
  let change = PipelineChange()
  let progress = CatchUpProgress()
  let parts: Parts
  private let reader: JournalReader
  private let nap = Nap()
  let writer: StoreWriter
  let news: MergeNews
  private let breadcrumb: Breadcrumb
  private var policy: FlushPolicy
  /// The last position every hook at the head has seen.
  private(set) var counted: UInt64
  var committed: UInt64
  // What is being committed: `Pipeline+Committing.swift`.
  var writing = false
  var inFlight: UInt64 = 0
  var positionsInFlight: [(plugin: Int, position: UInt64)] = []
  // Who counts: `Pipeline+Consumers.swift`.
  var counter: BatchCounter
  var book = ConsumerBook()
  var budget: CatchUpBudget
  /// The version of what is called.
  var taken = 0
  var factNames: [UInt32: [UInt8]] = [:]
  /// The metrics that were ever registered, by their name in the store.
  var metrics: [String: MetricDefinition] = [:]
  /// The consumer for which the last commit was hurried.
  var approached: Int?
  /// When consumers that could not read on try again.
  var retryStalled: ContinuousClock.Instant?
  /// Commit soon.
  var isHurried = false
  /// The transform fault that the pipeline waits for: `Pipeline+Holding.swift`.
  let holding = Mutex<Dispatcher.TransformHeld?>(nil)
  private let state = NSCondition()
  /// Since when it is stopping.
  private var ending: StopClock?
  private var stopped = false

  init(_ parts: Parts, breadcrumb: Breadcrumb) throws {
    self.parts = parts
    self.breadcrumb = breadcrumb
    committed = parts.store.committedPosition
    counted = committed
    let set = parts.runtime.set
    taken = set.version
    factNames = set.factNames
    counter = parts.makeCounter(factNames)
    budget = CatchUpBudget(percent: parts.limits.catchUpPercent)
    news = try MergeNews(parts.store, parts.runtime.happenings, apps: counter.apps)
    for metric in set.metrics { metrics[metric.storedName] = metric }
    try book.use(set.consumers, counted: counted) {
      try parts.store.storedPosition(ofPlugin: $0)
    }
    policy = FlushPolicy(
      interval: .milliseconds(parts.limits.flushIntervalMilliseconds),
      changedKeysMax: parts.limits.flushKeysMax, now: .now)
    let reader = try parts.journal.reader(from: committed + 1)
    self.reader = reader
    gate = CommitGate(
      committed: committed, waitMax: .milliseconds(parts.limits.readWaitMilliseconds),
      wake: { [nap] in
        nap.cut()
        reader.wake()
      })
    writer = StoreWriter(
      store: parts.store, faults: parts.faults, log: parts.log, done: { reader.wake() })
    try parts.lanes.use(set, committed: committed)
    change.didTake(taken)
    callHeadOnly()
    parts.router.standStill = { [unowned self] position, body in
      try standStill(at: position, body)
    }
  }

  /// Has the pipeline look for changes at once. Any thread.
  func wake() {
    nap.cut()
    reader.wake()
  }

  /// Does something while everything counted is committed and nothing is under way; waits for it.
  /// Not on the pipeline's thread.
  func atRest(_ body: @escaping () throws -> Void) throws {
    try change.perform(atRest: true, wake: wake, body)
  }

  func start() {
    Thread.start(name: "pipeline") { self.run() }
  }

  /// Counts and commits what is durable, as far as the time reaches, then ends. The journal must
  /// take no more.
  func stop(_ clock: StopClock) {
    state.lock()
    ending = clock
    state.broadcast()
    nap.cut()
    reader.wake()
    while !stopped { state.wait() }
    state.unlock()
    writer.stop()
    for errand in change.end() {
      errand.fail(CommandError(.control, "the server is stopping"))
    }
    parts.dispatcher.end()
  }

  // MARK: The loop

  private func run() {
    breadcrumb.enterThread()
    var batch = JournalBatch()
    while true {
      do {
        try collectOutcome()
        if isFinished { break }
        try takeOverChanges()
        parts.dispatcher.deliverLifecycle()
        try step(&batch)
      } catch {
        beginAgain(after: error)
        if let clock = stopClock, isHeld || clock.isOver(.counting) { break }
      }
    }
    endLanes()
    state.withLock {
      stopped = true
      state.broadcast()
    }
  }

  /// What committed hooks have heard of is remembered, so that it is not told again.
  private func endLanes() {
    guard let clock = stopClock else { return }
    clock.enter(.committed)
    for plugin in parts.lanes.stop(within: clock.remaining(.committed)) {
      clock.leave("a committed hook of \(plugin)")
    }
    guard parts.lanes.hasMoved || news.hasMoved, !writing, counted == committed else { return }
    flush()
    do { _ = try settle(writer.waitForOutcome()) } catch {
      parts.log.warning("the last positions were not kept", metadata: ["error": "\(error)"])
    }
  }

  private var isFinished: Bool {
    guard let clock = stopClock, !writing, !book.isDirty else { return false }
    return committed == (clock.isOver(.counting) ? counted : parts.journal.durablePosition)
  }

  private var stopClock: StopClock? { state.withLock { ending } }

  private func step(_ batch: inout JournalBatch) throws {
    parts.router.pump()
    switch policy.decide(situation) {
    case .flush: flush()
    case .holdBack: _ = try settle(writer.waitForOutcome())
    case .gather(let limit):
      let clock = stopClock
      let ending = clock != nil
      if let clock, clock.isOver(.counting) {
        _ = try settle(writer.waitForOutcome())
        return
      }
      try reader.next(
        into: &batch, maxBytes: Self.batchBytesMax, maxEntries: Self.batchEntriesMax,
        timeout: ending ? .milliseconds(5) : canCatchUp ? .zero : limit)
      let began = ContinuousClock.now
      if let last = batch.entries.last {
        try parts.router.take(batch, counter)
        counted = last.position
        letGo(at: counted)
      }
      if ending { return }
      let isBehind = book.last != nil
      if isBehind {
        try catchUp(
          afterLiveWork: .now - began, isIdle: batch.entries.isEmpty)
      } else if !batch.entries.isEmpty,
        Self.isSmall(entries: batch.entries.count, bytes: batch.entryBytes)
      {
        nap.take()
      }
    }
  }

  /// Whether a batch is so small that the next should gather more. Not one that was cut by bytes:
  /// a few bulk requests fill it, and more of them wait.
  static func isSmall(entries: Int, bytes: Int) -> Bool {
    entries < batchEntriesMax / 2 && bytes < batchBytesMax / 2
  }

  private var situation: FlushPolicy.Situation {
    let ending = stopClock != nil
    return .init(
      now: .now,
      uncommitted: book.isDirty || counted > committed && !(writing && inFlight == counted),
      changedKeys: parts.workingSet.changedKeys, writing: writing,
      // What comes before a held batch is committed, for a held batch drops what is not.
      wanted: ending || isHurried || isHeld, asked: gate.isWanted(counted: counted))
  }

  /// Does something between two entries of a batch, while everything before a position is committed
  /// and nothing is under way. What fails is begun again with that position.
  private func standStill(at position: UInt64, _ body: () throws -> Void) throws {
    counted = max(counted, position - 1)
    try rest()
    try body()
    try parts.workingSet.reset()
  }

  /// A failed commit or read leaves no trace: everything since the last commit is dropped and
  /// counted again.
  private func beginAgain(after error: any Error) {
    if let held = error as? Dispatcher.TransformHeld {
      hold(held)
    } else {
      parts.log.error(
        "store failed; counting again from the last commit",
        metadata: ["error": "\(error)", "position": "\(committed)"])
    }
    if writing {
      if case .committed(let flush)? = writer.waitForOutcome() {
        didCommit(flush)
      }
      writing = false
    }
    pause(seconds: Self.retryDelaySeconds)
    do {
      try parts.workingSet.reset()
      try parts.router.reset()
      news.reset()
      try reader.seek(to: committed + 1)
      counted = committed
      book.reset(counted: counted)
      approached = nil
      callHeadOnly()
    } catch {
      parts.log.error("store is still failing", metadata: ["error": "\(error)"])
    }
  }

  /// A pause that a stop cuts.
  private func pause(seconds: Double) {
    let deadline = Date(timeIntervalSinceNow: seconds)
    state.lock()
    let wasEnding = ending != nil
    while (ending != nil) == wasEnding, state.wait(until: deadline) {}
    state.unlock()
  }
}
