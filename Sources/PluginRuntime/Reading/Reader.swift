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
    let before = ThreadKind.become(.request)
    defer { ThreadKind.become(before) }
    let context = ReadContext(question, snapshot: snapshot, instance: instance)
    let (status, reason) = context.withTables { request, reply in
      ErrorText.collect { read.answer(instance.pointer, request, reply, $0) }
    }
    if let failure = context.storeFailure { throw failure }
    guard status == TALLY_OK else {
      throw PluginError(
        .startFailed, "\(instance.name): \(read.method)\(read.path) answered \(status): \(reason)")
    }
    return context.answer
  }
}
