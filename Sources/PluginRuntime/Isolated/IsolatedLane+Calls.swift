import Foundation
import PluginABI

/// What is called on the pipeline's thread beside process hooks and reduces.
extension IsolatedLane {
  /// Has the runner perform a transform hook; what it asks for goes to `verdicts`.
  func transform(
    _ hook: Int, _ batch: UnsafePointer<tally_batch>, _ verdicts: VerdictStage, isSingle: Bool
  ) -> (tally_status, String) {
    hookLock.lock()
    defer { hookLock.unlock() }
    if !isSingle { settleIncident() }
    let table = verdicts.makeTable()
    let outcome = attempt(isLast: isSingle) { runner in
      if loadedInto !== runner { loader.forget() }
      loadedInto = runner
      let places: BatchLoader.Places
      do throws(BatchLoader.Overflow) {
        places = try loader.load(
          batch, nil, into: runner.hooks.requests.base + Wire.batchOffset)
      } catch { return .returned(TALLY_LIMIT, error.reason) }
      var writer = runner.hooks.writer()
      Self.write(places, hook: hook, epoch: epoch, users: 0, to: &writer)
      let replay = CallReplay(
        services: serviceReplay,
        own: { entry, item, reader throws(WireDamage) in
          try Self.verdict(entry, item, &reader, table)
          return nil
        })
      return call(runner, .transform, writer, replay)
    } afterDeath: {
      verdicts.begin(batch)
    }
    return outcome.answer
  }

  private static func verdict(
    _ entry: Wire.Entry, _ item: UInt32, _ reader: inout WireReader, _ table: tally_verdicts
  ) throws(WireDamage) {
    let number = UInt32(truncatingIfNeeded: try reader.word())
    switch entry {
    case .drop: table.drop(table.ctx, item)
    case .dropEvent: table.drop_event(table.ctx, item)
    case .set:
      let name = try reader.tallyText()
      table.set(table.ctx, item, number, name, try reader.tallyText())
    case .remove: table.remove(table.ctx, item, number, try reader.tallyText())
    case .addEvent: table.add_event(table.ctx, item, try reader.tallyText())
    default: throw WireDamage()
    }
  }

  /// Has the runner make one cell out of two.
  func merge(_ merge: UnsafePointer<tally_merge>) -> (tally_status, String) {
    hookLock.lock()
    defer { hookLock.unlock() }
    let table = merge.pointee
    let outcome = attempt(isLast: true) { runner in
      var writer = runner.hooks.writer()
      writer.put(UInt64(table.app))
      writer.put(table.from_user)
      writer.put(table.into_user)
      writer.put(UInt64(bitPattern: table.at_ms))
      writer.put(table.from.bytes)
      writer.put(table.into.bytes)
      let replay = CallReplay(
        services: serviceReplay, hand: { table.put(table.ctx, tally_bytes($0)) },
        own: { entry, _, reader throws(WireDamage) in
          guard entry == .findBy else { throw WireDamage() }
          let (given, properties) = try reader.properties()
          properties.withUnsafeBufferPointer {
            table.find_by(table.ctx, properties.isEmpty ? nil : $0.baseAddress, given)
          }
          return nil
        })
      return call(runner, .merge, writer, replay)
    }
    return outcome.answer
  }

  /// Has the runner apply a command; why it could not is the reason of the refusal.
  func apply(_ call: LaneCall) -> (tally_status, String) {
    let (status, reason) = process(call)
    guard status != TALLY_OK, reason.isEmpty, let why = call.stage.violation else {
      return (status, reason)
    }
    return (status, why)
  }

  /// Tells a lifecycle hook. Told once: what ends its runner is not repeated.
  func tell(
    _ hook: Int, _ event: UnsafePointer<tally_lifecycle>
  ) -> (tally_status, String) {
    hookLock.lock()
    defer { hookLock.unlock() }
    let table = event.pointee
    let outcome = attempt(isLast: true) { runner in
      var writer = runner.hooks.writer()
      writer.put(UInt64(hook))
      writer.put(table.kind, table.app)
      writer.put(UInt64(bitPattern: table.at_ms))
      writer.put(table.user)
      writer.put(table.into)
      for text in [table.app_id, table.name, table.detail] { writer.put(text) }
      let replay = CallReplay(
        services: serviceReplay,
        own: { entry, _, reader throws(WireDamage) in
          guard entry == .exported else { throw WireDamage() }
          _ = try reader.word()
          let name = try reader.tallyText()
          table.write?(table.ctx, name, try reader.tallyText())
          return nil
        })
      return call(runner, .lifecycle, writer, replay)
    }
    return outcome.answer
  }

  /// What the plugin leaves to the next generation of its code; nil when it has nothing.
  func exportState() -> [UInt8]? {
    hookLock.lock()
    defer { hookLock.unlock() }
    var state: [UInt8]?
    let outcome = attempt(isLast: true) { runner in
      let replay = CallReplay(services: serviceReplay, hand: { state = Array($0) })
      return call(runner, .export, runner.hooks.writer(), replay)
    }
    return outcome.answer.0 == TALLY_OK ? state : nil
  }
}

extension IsolatedLane.Outcome {
  /// As a function in this process would have returned.
  var answer: (tally_status, String) {
    switch self {
    case .returned(let status, let reason): (status, reason)
    case .failed(let reason): (TALLY_FAILED, reason)
    }
  }
}

extension BatchLoader.Overflow {
  var reason: String {
    "a batch of \(bytes) bytes is over the isolated lane's limit of \(Wire.batchBytes)"
  }
}
