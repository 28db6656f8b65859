import Logging
import PluginABI

/// Calls intake hooks in this process, and accounts for what they say. One thread.
final class IntakeCaller {
  /// Lines about failing hooks in one second of one thread; the counters know of all.
  private static let linesPerSecondMax = 1

  let runtime: PluginRuntime
  let call = IntakeCall()
  private var lines = LogRate(linesPerSecondMax: linesPerSecondMax)
  /// What is known of faults; taken when the first request comes, on the thread of all requests.
  private lazy var faults = runtime.intakeFaults
  private lazy var crumb = faults?.breadcrumb.enterLoop()

  init(runtime: PluginRuntime) {
    self.runtime = runtime
  }

  /// Which request a hook is shown.
  struct Occasion {
    /// Tells the HTTP request from others, and is the same when it is sent again.
    let request: UInt64
    let receivedMs: Int64
  }

  /// Has one hook look at one request, which `call` was begun with; what it says goes behind
  /// `notes`. Answers why it refuses, if it does.
  func run(
    _ hook: IntakeHook, _ table: UnsafePointer<tally_intake>, _ occasion: Occasion,
    notes: inout [IntakeStage.Note]
  ) -> IntakeStage.Refusal? {
    if let signal = faults?.killers[hook.consumer]?[occasion.request] {
      hook.instance.counts.add(failed: true)
      let reason = "this request \(Breadcrumb.deed(signal))"
      report(hook, reason, occasion.receivedMs)
      return nil
    }
    let begun = CallMeter.now()
    let (status, reason) = ErrorText.collect(hook.instance.secrets) { error in
      guard let crumb else { return hook.function(hook.instance.pointer, table, error) }
      return crumb.during(hook.crumb, request: occasion.request) {
        hook.function(hook.instance.pointer, table, error)
      }
    }
    hook.instance.account[.intake].record(since: begun, items: 1, failed: status != TALLY_OK)
    let said = IntakeSaid(
      status: status, reason: reason, notes: call.notes, refusal: call.refusal,
      limits: call.limits)
    return take(said, of: hook, occasion.receivedMs, notes: &notes)
  }

  /// Accounts for what a hook said, wherever it ran.
  func take(
    _ said: IntakeSaid, of hook: IntakeHook, _ receivedMs: Int64,
    notes: inout [IntakeStage.Note]
  ) -> IntakeStage.Refusal? {
    hook.instance.counts.add(failed: said.status != TALLY_OK)
    if said.limits > 0 { hook.instance.account.drop(.intake, Int(said.limits)) }
    guard said.status == TALLY_OK else {
      report(hook, "status \(said.status): \(said.reason)", receivedMs)
      return nil
    }
    if let refusal = said.refusal {
      hook.instance.counts.addRefusal()
      return refusal
    }
    for note in said.notes { notes.append(.init(name: hook.prefix + note.name, value: note.value)) }
    return nil
  }

  /// Requests are accepted before a hook in another process has looked at them.
  func pass(over hook: IntakeHook, _ count: Int, _ receivedMs: Int64) {
    hook.instance.account.drop(.intakeLate, count)
    let limit = hook.instance.lane?.plan.limits.intakeDeadline.milliseconds ?? 0
    report(hook, "its runner did not answer within \(limit) ms", receivedMs)
  }

  /// Says why requests are accepted without a hook, now and then.
  func report(_ hook: IntakeHook, _ reason: String, _ receivedMs: Int64) {
    guard let dropped = lines.admit(second: Int(receivedMs / 1_000)) else { return }
    runtime.services.log.error(
      "an intake hook failed; the request is accepted without it",
      metadata: ["plugin": "\(hook.instance.name)", "reason": "\(reason)", "more": "\(dropped)"])
  }
}

/// What one call of an intake hook came to.
struct IntakeSaid {
  let status: tally_status
  var reason = ""
  var notes: [IntakeStage.Note] = []
  var refusal: IntakeStage.Refusal?
  /// Things it said that were over a limit and left out.
  var limits: UInt32 = 0
}

/// An intake hook in its place.
struct IntakeHook {
  let instance: PluginInstance
  let function: Enrollment.IntakeFunction
  /// The how-manieth hook of its plugin.
  let ordinal: Int
  /// Under this name faults of the hook are remembered.
  let consumer: String
  let crumb: StaticName
  /// What the names of its notes begin with.
  let prefix: [UInt8]

  init(instance: PluginInstance, ordinal: Int, function: @escaping Enrollment.IntakeFunction) {
    self.instance = instance
    self.ordinal = ordinal
    self.function = function
    consumer = instance.name + "/intake"
    crumb = StaticName(consumer)
    prefix = Array(instance.name.utf8) + [UInt8(ascii: ".")]
  }
}

/// What threads that call intake hooks know of faults.
struct IntakeFaults: Sendable {
  let breadcrumb: Breadcrumb
  /// The requests that ended the process, and the signals, by consumer.
  let killers: [String: [UInt64: UInt32]]
}
