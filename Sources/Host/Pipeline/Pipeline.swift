import Foundation
import Journal
import Logging
import PluginRuntime
import Store

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
    let router: EntryRouter
    let suspectsPath: String
    let limits: Limits
    let log: Logger
    let faults: FaultPoints
  }

  let gate: CommitGate
  private let parts: Parts
  private let reader: JournalReader
  private let nap = Nap()
  private let writer: StoreWriter
  private let breadcrumb: Breadcrumb
  private var policy: FlushPolicy
  /// The last position every hook has seen.
  private var counted: UInt64
  private var committed: UInt64
  private var writing = false
  private let state = NSCondition()
  private var stopping = false
  private var stopped = false

  init(_ parts: Parts, breadcrumb: Breadcrumb) throws {
    self.parts = parts
    self.breadcrumb = breadcrumb
    committed = parts.store.committedPosition
    counted = committed
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
  }

  func start() {
    Thread.start(name: "pipeline") { self.run() }
  }

  /// Counts and commits everything durable, then ends. The journal must take no more.
  func stop() {
    state.lock()
    stopping = true
    nap.cut()
    reader.wake()
    while !stopped { state.wait() }
    state.unlock()
    writer.stop()
  }

  // MARK: The loop

  private func run() {
    breadcrumb.enterThread()
    var batch = JournalBatch()
    while true {
      do {
        try collectOutcome()
        if isFinished { break }
        try step(&batch)
      } catch { beginAgain(after: error) }
    }
    state.withLock {
      stopped = true
      state.broadcast()
    }
  }

  private var isFinished: Bool {
    guard state.withLock({ stopping }), !writing else { return false }
    return committed == parts.journal.durablePosition
  }

  private func step(_ batch: inout JournalBatch) throws {
    parts.router.pump()
    switch policy.decide(situation) {
    case .flush: flush()
    case .holdBack: _ = try settle(writer.waitForOutcome())
    case .gather(let limit):
      let ending = state.withLock { stopping }
      try reader.next(
        into: &batch, maxBytes: Self.batchBytesMax, maxEntries: Self.batchEntriesMax,
        timeout: ending ? .milliseconds(5) : limit)
      guard let last = batch.entries.last else { return }
      try parts.router.take(batch)
      counted = last.position
      if !ending, batch.entries.count < Self.batchEntriesMax / 2 { nap.take() }
    }
  }

  private var situation: FlushPolicy.Situation {
    let ending = state.withLock { stopping }
    return .init(
      now: .now, uncommitted: counted > committed && !(writing && inFlight == counted),
      changedKeys: parts.workingSet.changedKeys, writing: writing,
      wanted: ending || gate.isWanted(counted: counted))
  }

  // MARK: Committing

  private var inFlight: UInt64 = 0

  private func flush() {
    var flush = parts.workingSet.takeFlush(
      through: counted, positions: parts.runtime.positions(at: counted))
    flush.services = parts.router.takeRows()
    inFlight = counted
    writing = true
    writer.submit(flush)
  }

  private func collectOutcome() throws {
    guard writing else { return }
    _ = try settle(writer.takeOutcome())
  }

  private func settle(_ outcome: StoreWriter.Outcome?) throws -> Bool {
    guard let outcome else { return false }
    writing = false
    switch outcome {
    case .failed(let error): throw error
    case .committed(let flush):
      parts.workingSet.didCommit(flush)
      committed = inFlight
      parts.router.didCommit(through: committed)
      gate.advance(to: committed)
      forgetSettledSuspects()
      parts.journal.trim(through: committed)
    }
    return true
  }

  private func forgetSettledSuspects() {
    guard !parts.dispatcher.suspects.isEmpty, parts.dispatcher.suspects.settle(through: committed)
    else { return }
    do { try parts.dispatcher.suspects.save(path: parts.suspectsPath) } catch {
      parts.log.warning("faults file cannot be written", metadata: ["error": "\(error)"])
    }
  }

  /// A failed commit or read leaves no trace: everything since the last commit is dropped and
  /// counted again.
  private func beginAgain(after error: any Error) {
    parts.log.error(
      "store failed; counting again from the last commit",
      metadata: ["error": "\(error)", "position": "\(committed)"])
    if writing {
      if case .committed(let flush)? = writer.waitForOutcome() {
        parts.workingSet.didCommit(flush)
        committed = inFlight
        parts.router.didCommit(through: committed)
      }
      writing = false
    }
    Thread.sleep(forTimeInterval: Self.retryDelaySeconds)
    do {
      try parts.workingSet.reset()
      try parts.router.reset()
      try reader.seek(to: committed + 1)
      counted = committed
    } catch {
      parts.log.error("store is still failing", metadata: ["error": "\(error)"])
    }
  }
}
