import PluginABI
import Store

/// Hooks and reduces: one round trip each. What the runner did not survive is repeated once, then
/// left to the dispatcher, which goes on item by item.
extension IsolatedLane {
  /// Deaths in one call that were others' fault.
  static let straysMax = 3
  /// Of a batch's memory, what a runner may go on holding.
  private static let keptBytesMax = 32 << 20

  /// How one attempt ended.
  enum Attempt {
    case returned(tally_status, String)
    case died(String, isOurs: Bool)
    /// It took too long: trying the same once more would take as long.
    case late(String)

    var reason: String {
      switch self {
      case .returned(_, let reason), .died(let reason, _), .late(let reason): reason
      }
    }
  }

  /// How a call ended.
  enum Outcome {
    case returned(tally_status, String)
    /// There is no runner, or none survived.
    case failed(String)
  }

  /// Whether the plugin takes a batch: not once it was given up. Its position then stays where that
  /// happened, or at the end of the batch.
  func takes(_ serial: UInt64, _ positions: ClosedRange<UInt64>) -> Bool {
    if quarantine == nil || serial == seenSerial, quarantine == nil || frozenPosition == nil {
      (seenSerial, seenPosition) = (serial, positions.upperBound)
      return true
    }
    let seen = seenPosition ?? positions.lowerBound - 1
    frozenPosition = min(frozenPosition ?? seen, positions.lowerBound - 1)
    return false
  }

  /// The plugin was given up before it could take a record of the batch at hand.
  func freeze(before position: UInt64) {
    seenPosition = position - 1
    frozenPosition = min(frozenPosition ?? position - 1, position - 1)
  }

  /// Whether the plugin was given up and comes to a merge later: before the batch it stands in, or
  /// before the item. Nil for a batch of which the plugin has seen nothing.
  func misses(_ serial: UInt64?) -> Bool {
    quarantine != nil && (serial != seenSerial || frozenPosition != nil)
  }

  /// Has the runner perform a hook; what it asks for goes to the call's stage.
  func process(_ call: LaneCall) -> (tally_status, String) {
    hookLock.lock()
    defer { hookLock.unlock() }
    renewEpoch(call)
    if !call.isSingle { settleIncident() }
    let outcome = attempt(isLast: call.isSingle) { runner in
      perform(call, runner)
    } afterDeath: {
      // What the call asked for before its runner died was not asked for.
      call.stage.discard()
      if let instance = call.stage.instance { call.stage.beginCall(instance) }
    }
    switch outcome {
    case .returned(let status, let reason): return (status, reason)
    case .failed(let reason):
      call.stage.refuse(reason)
      return (TALLY_FAILED, "")
    }
  }

  /// Has the runner fold payloads into a document.
  func reduce(
    _ collection: Int, _ key: DocumentKey, document: [UInt8]?,
    payloads: [EffectStage.Emitted]
  ) -> Result<[UInt8], Reducer.Refusal> {
    hookLock.lock()
    defer { hookLock.unlock() }
    var folded: [UInt8]?
    let outcome = attempt(isLast: payloads.count == 1) { runner in
      var writer = runner.hooks.writer()
      writer.put(UInt32(collection), key.app)
      key.key.withUnsafeBytes { writer.put($0) }
      (document ?? []).withUnsafeBytes { writer.put($0) }
      writer.put(UInt64(payloads.count))
      for payload in payloads { payload.payload.withUnsafeBytes { writer.put($0) } }
      folded = nil
      let replay = CallReplay(services: serviceReplay, hand: { folded = Array($0) })
      return call(runner, .reduce, writer, replay)
    }
    switch outcome {
    case .failed(let reason): return .failure(.init(reason: reason, isDeath: true))
    case .returned(TALLY_OK, _):
      return folded.map { .success($0) } ?? .failure(.init(reason: "put no document"))
    case .returned(let status, let reason):
      return .failure(.init(reason: "status \(status): \(reason)"))
    }
  }

  // MARK: Attempts

  func attempt(
    isLast: Bool, _ body: (RunnerProcess) -> Attempt, afterDeath: () -> Void = {}
  ) -> Outcome {
    var survived: String?
    var strays = 0
    while true {
      let runner: RunnerProcess
      do throws(PluginError) { runner = try live() } catch { return .failed(error.message) }
      let end = body(runner)
      if case .returned(let status, let reason) = end {
        if let survived { noteFault(survived) }
        if loader.bytes > Self.keptBytesMax { retire(runner) }
        return .returned(status, reason)
      }
      epoch += 1
      loader.forget()
      afterDeath()
      noteDeath(of: runner, end.reason)
      if case .died(_, isOurs: false) = end, strays < Self.straysMax {
        strays += 1
      } else if case .died = end, !isLast, survived == nil {
        survived = end.reason
      } else {
        blame(end.reason, isLast: isLast)
        return .failed(end.reason)
      }
    }
  }

  /// Deaths while one culprit is looked for are one fault.
  private func blame(_ reason: String, isLast: Bool) {
    guard isLast else { return incident = reason }
    incident = nil
    noteFault(reason)
  }

  /// A batch that twice killed its runner and then passed item by item.
  func settleIncident() {
    if let incident { noteFault(incident) }
    incident = nil
  }

  /// Numbers of series that were taken back may be given to other names: the runner must forget
  /// them. A batch that comes a second time says that what followed the last commit was lost; so may
  /// what a dead letter taught that was tried again.
  private func renewEpoch(_ call: LaneCall) {
    guard let serial = call.serial else {
      // A command stands between batches, and is repeated with them.
      epoch += 1
      return
    }
    if serial != lastSerial {
      let isOld = call.positions.lowerBound <= lastPosition
      if isOld || lastWasOld { epoch += 1 }
      (lastSerial, lastWasOld) = (serial, isOld)
      lastPosition = max(lastPosition, call.positions.upperBound)
    }
  }

  /// The last call was refused by the dispatcher: what its names were told is void.
  func takeBack() {
    hookLock.withLock { epoch += 1 }
  }

  // MARK: One attempt

  private func perform(_ call: LaneCall, _ runner: RunnerProcess) -> Attempt {
    if loadedInto !== runner { loader.forget() }
    loadedInto = runner
    let places: BatchLoader.Places
    do {
      places = try loader.load(
        call, wants: wants, into: runner.hooks.requests.base + Wire.batchOffset)
    } catch let overflow as BatchLoader.Overflow {
      return .returned(TALLY_LIMIT, overflow.reason)
    } catch {
      call.stage.storeFailure = error
      return .returned(TALLY_FAILED, "")
    }
    var writer = runner.hooks.writer()
    Self.write(
      places, hook: call.hook, epoch: epoch, users: call.stage.users.count, to: &writer)
    call.arguments?(&writer)
    let replay = EffectReplay(
      stage: call.stage, table: call.table, services: serviceReplay, hand: call.hand)
    return runner.duringHook {
      converse(runner, call.kind, writer) { entries, given throws(WireDamage) in
        let answer = replay.run(entries)
        if let given { give(answer, call.stage, &given.pointee) }
      }
    }
  }

  /// What a call over a batch begins with.
  static func write(
    _ places: BatchLoader.Places, hook: Int, epoch: UInt64, users: Int, to writer: inout WireWriter
  ) {
    writer.put(UInt64(hook))
    writer.put(epoch)
    writer.put(places.batch)
    writer.put(places.facts)
    writer.put(places.users)
    writer.put(UInt64(users))
    writer.put(places.sent.rawValue)
  }

  /// Tells the waiting runner what its last entry came to; a call that is refused already learns
  /// nothing.
  private func give(
    _ answer: EffectReplay.Answer, _ stage: EffectStage, _ given: inout WireWriter
  ) {
    given.put(stage.violation == nil && stage.storeFailure == nil ? 1 : 0)
    switch answer {
    case .nothing: break
    case .cell(let bytes): given.put(bytes.bytes)
    case .service(let bytes): bytes.withUnsafeBytes { given.put($0) }
    case .unique(let grains, let series):
      given.put(UInt64(grains))
      given.put(UInt64(bitPattern: series))
    }
  }
}
