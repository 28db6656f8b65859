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
  private enum Attempt {
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
  private enum Outcome {
    case returned(tally_status, String)
    /// There is no runner, or none survived.
    case failed(String)
  }

  /// Whether the plugin takes a batch: not once it was given up. Its position then stays at the end
  /// of the batch in which that happened, whose rest are dead letters.
  func takes(_ serial: UInt64, _ positions: ClosedRange<UInt64>) -> Bool {
    if quarantine == nil || serial == seenSerial {
      (seenSerial, seenPosition) = (serial, positions.upperBound)
      return true
    }
    let seen = seenPosition ?? positions.lowerBound - 1
    frozenPosition = min(frozenPosition ?? seen, positions.lowerBound - 1)
    return false
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
      guard !writer.isFull else {
        return .returned(
          TALLY_LIMIT, "over the isolated lane's limit of \(Wire.messageBytes) bytes")
      }
      return converse(runner, .reduce, writer.used) { message, _ throws(WireDamage) in
        var reader = WireReader(message)
        let status = tally_status(truncatingIfNeeded: Int64(bitPattern: try reader.word()))
        let reason = try reader.text()
        let hasDocument = try reader.word() == 1
        folded = hasDocument ? Array(try reader.data()) : nil
        return .returned(status, String(reason.prefix(ErrorText.lengthMax)))
      }
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

  private func attempt(
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
  private func settleIncident() {
    if let incident { noteFault(incident) }
    incident = nil
  }

  /// Numbers of series that were taken back may be given to other names: the runner must forget
  /// them. A batch that comes a second time says that what followed the last commit was lost; so may
  /// what a dead letter taught that was tried again.
  private func renewEpoch(_ call: LaneCall) {
    if call.serial != lastSerial {
      let isOld = call.positions.lowerBound <= lastPosition
      if isOld || lastWasOld { epoch += 1 }
      (lastSerial, lastWasOld) = (call.serial, isOld)
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
      return .returned(
        TALLY_LIMIT,
        "a batch of \(overflow.bytes) bytes is over the isolated lane's limit of \(Wire.batchBytes)"
      )
    } catch {
      call.stage.storeFailure = error
      return .returned(TALLY_FAILED, "")
    }
    var writer = runner.hooks.writer()
    writer.put(UInt64(call.hook))
    writer.put(epoch)
    writer.put(places.batch)
    writer.put(places.facts)
    writer.put(places.users)
    writer.put(UInt64(call.stage.users.count))
    writer.put(places.sent.rawValue)
    let replay = EffectReplay(stage: call.stage, table: call.table)
    return converse(runner, .process, writer.used) { message, isDone throws(WireDamage) in
      var reader = WireReader(message)
      let entries = try reader.word()
      guard entries <= UInt64(message.count - 8) else { throw WireDamage() }
      let end = 8 + Int(entries)
      let answer = replay.run(UnsafeRawBufferPointer(rebasing: message[8..<end]))
      guard isDone else {
        give(answer, call.stage, runner)
        return nil
      }
      return try close(WireReader(UnsafeRawBufferPointer(rebasing: message[end...])), runner)
    }
  }

  private func close(
    _ trailer: WireReader, _ runner: RunnerProcess
  ) throws(WireDamage) -> Attempt {
    var trailer = trailer
    let status = tally_status(truncatingIfNeeded: Int64(bitPattern: try trailer.word()))
    wants.formUnion(Wire.Wants(rawValue: try trailer.word()))
    let reason = try trailer.text()
    note(try RefusedCalls(&trailer), of: runner)
    return .returned(status, String(reason.prefix(ErrorText.lengthMax)))
  }

  /// Tells the waiting runner what its last entry came to; a call that is refused already learns
  /// nothing.
  private func give(_ answer: EffectReplay.Answer, _ stage: EffectStage, _ runner: RunnerProcess) {
    var writer = runner.hooks.writer()
    writer.put(stage.violation == nil && stage.storeFailure == nil ? 1 : 0)
    switch answer {
    case .nothing: break
    case .cell(let bytes): writer.put(bytes.bytes)
    case .unique(let grains, let series):
      writer.put(UInt64(grains))
      writer.put(UInt64(bitPattern: series))
    }
    runner.hooks.send(.given, length: writer.used)
  }

  /// Sends a request and listens until it is done or the runner has ended. `hear` gets each message
  /// and answers asks; what it returns for the last is how the attempt ended.
  private func converse(
    _ runner: RunnerProcess, _ kind: Wire.Kind, _ length: Int,
    _ hear: (UnsafeRawBufferPointer, _ isDone: Bool) throws(WireDamage) -> Attempt?
  ) -> Attempt {
    let limit = plan.limits.hookDeadline
    let deadline = ContinuousClock.now + limit
    var patience = HookPatience(runner.identifier, plan.limits.hookComputing)
    runner.busyWithHook = true
    defer { runner.busyWithHook = false }
    runner.hooks.send(kind, length: length)
    var asked = 0
    while true {
      do throws(WireDamage) {
        let event = runner.hooks.receive(
          process: runner.descriptor, until: deadline, isOver: { patience.isOver() })
        switch event {
        case .ask(let message):
          asked += message.count
          guard asked <= plan.limits.effectBytesMax else {
            return ended(
              runner, because: "asked for more than \(plan.limits.effectBytesMax) bytes in one call"
            )
          }
          _ = try hear(message, false)
        case .done(let message): if let end = try hear(message, true) { return end }
        case .ended: return ended(runner)
        case .late: return ended(runner, late: patience.reason(deadline: limit))
        case .damaged: throw WireDamage()
        }
      } catch { return ended(runner, because: EffectReplay.damage) }
    }
  }

  private func ended(_ runner: RunnerProcess) -> Attempt {
    let (end, sentence) = runner.waitForEnd()
    return .died(sentence ?? "ended its runner with \(end.words)", isOurs: sentence == nil)
  }

  private func ended(_ runner: RunnerProcess, late reason: String) -> Attempt {
    if case .died(let reason, isOurs: true) = ended(runner, because: reason) {
      return .late(reason)
    }
    return .died(reason, isOurs: false)
  }

  /// Ends it for something it did in this call.
  private func ended(_ runner: RunnerProcess, because reason: String) -> Attempt {
    runner.kill(because: reason)
    let (_, sentence) = runner.waitForEnd()
    return .died(reason, isOurs: sentence == nil || sentence == reason)
  }
}

extension Duration {
  /// Whole milliseconds.
  var milliseconds: Int64 {
    components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
  }
}
