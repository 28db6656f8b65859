import PluginABI
import Store

/// One registered question and the plugin that answers it. Any thread; many at once.
package struct Reader: @unchecked Sendable {
  let instance: PluginInstance
  let read: Enrollment.Read

  /// The permission a member needs.
  package var feature: String { read.feature }

  /// The plugin's answer, from one snapshot.
  package func answer(_ question: Question, snapshot: Snapshot) throws -> Answer {
    let begun = CallMeter.now()
    let context = ReadContext(question, snapshot: snapshot, instance: instance)
    let (status, reason) = context.withTables { request, reply in
      ErrorText.collect { read.answer(instance.pointer, request, reply, $0) }
    }
    instance.account.reads.record(since: begun, failed: status != TALLY_OK)
    instance.counts.add(failed: status != TALLY_OK && context.storeFailure == nil)
    if let failure = context.storeFailure { throw failure }
    guard status == TALLY_OK else {
      throw PluginError(
        .startFailed, "\(instance.name): \(read.method)\(read.path) answered \(status): \(reason)")
    }
    return context.answer
  }
}

/// A reader that is being used: until it is let go, its plugin is not stopped.
package final class ReaderLease: Sendable {
  package let reader: Reader

  /// Under the lock that guards what is published.
  init(_ reader: Reader) {
    self.reader = reader
    reader.instance.inFlight.enter()
  }

  deinit { reader.instance.inFlight.leave() }
}
