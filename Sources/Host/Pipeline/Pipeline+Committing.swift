import PluginRuntime
import Store

extension Pipeline {
  func flush() {
    noteGivenUp()
    positionsInFlight = book.take(counted: counted)
    var flush = parts.workingSet.takeFlush(
      through: counted,
      positions: positionsInFlight + parts.lanes.takePositions() + news.takePositions())
    flush.services = parts.router.takeRows()
    isHurried = false
    inFlight = counted
    writing = true
    writer.submit(flush)
  }

  func collectOutcome() throws {
    guard writing else { return }
    _ = try settle(writer.takeOutcome())
  }

  func settle(_ outcome: StoreWriter.Outcome?) throws -> Bool {
    guard let outcome else { return false }
    writing = false
    switch outcome {
    case .failed(let error): throw error
    case .committed(let flush):
      didCommit(flush)
      gate.advance(to: committed)
      parts.lanes.advance(to: committed)
      forgetSettledSuspects()
      parts.journal.trim(through: committed)
    }
    return true
  }

  func didCommit(_ flush: Flush) {
    parts.workingSet.didCommit(flush)
    committed = inFlight
    book.didCommit(positionsInFlight)
    parts.router.didCommit(through: committed)
    for merge in flush.merges { news.tell(merge, counter.apps) }
  }

  private func forgetSettledSuspects() {
    guard !parts.dispatcher.suspects.isEmpty,
      parts.dispatcher.suspects.settle(through: settledPosition)
    else { return }
    do { try parts.dispatcher.suspects.save(path: parts.suspectsPath) } catch {
      parts.log.warning("faults file cannot be written", metadata: ["error": "\(error)"])
    }
  }
}
