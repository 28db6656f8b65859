import PluginABI
import Store

/// One registered route and the plugin that answers it. Any thread; many at once.
package struct Reader: @unchecked Sendable {
  let instance: PluginInstance
  package let route: Route
  /// As the plugin knows it.
  let number: UInt32

  /// The permission a member needs.
  package var feature: String { route.permission }

  /// Which copy of the plugin answers, and with which of its routes.
  package var identity: (instance: ObjectIdentifier, route: UInt32) {
    (ObjectIdentifier(instance), number)
  }

  /// The plugin that answers.
  package var plugin: String { instance.name }

  /// What an operator calls it: "GET POST /o/crashes/{id}".
  package var label: String {
    let methods = route.methods == .standard ? "" : route.methods.text + " "
    let question = route.method.isEmpty ? "" : "?method=\(route.method)"
    return "\(methods)\(route.pattern.text)\(question)"
  }

  /// The plugin's answer, from one snapshot.
  package func answer(_ question: Question, snapshot: Snapshot) throws -> Answer {
    let begun = CallMeter.now()
    let before = ThreadKind.become(.request)
    defer { ThreadKind.become(before) }
    let context = ReadContext(question, snapshot: snapshot, instance: instance, route: number)
    var (status, reason) = try answer(context, since: begun)
    if let violation = context.violation { (status, reason) = (TALLY_INVALID, violation) }
    let time = instance.account[.question].record(since: begun, failed: status != TALLY_OK)
    instance.counts.addRead(time)
    instance.counts.add(failed: status != TALLY_OK && context.storeFailure == nil)
    if let failure = context.storeFailure { throw failure }
    guard status == TALLY_OK else {
      throw PluginError(
        .startFailed, "\(instance.name): \(label) answered \(status): \(reason)")
    }
    return context.answer
  }

  /// Its runner's answer when the plugin has one; that there is none to ask is a failed call.
  private func answer(
    _ context: ReadContext, since begun: UInt64
  ) throws(PluginError) -> (tally_status, String) {
    guard let lane = instance.lane else {
      return context.withTables { request, reply in
        ErrorText.collect(instance.secrets) { error in
          instance.answers.during(patienceMs: route.deadlineMs) {
            route.answer(instance.pointer, request, reply, error)
          }
        }
      }
    }
    do throws(PluginError) { return try lane.answer(context) } catch {
      instance.account[.question].record(since: begun, failed: true)
      instance.counts.add(failed: true)
      throw error
    }
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
