import Logging
import PluginABI

/// Runs the intake hooks over one request at a time. One per event loop, confined to it.
package final class IntakeStage {
  /// What is known about a request without looking at its parameters.
  package struct Arrival {
    let app: UInt32
    let appID: String
    let device: UnsafeRawBufferPointer
    let address: String
    let isBulk: Bool
    let receivedMs: Int64
    /// Tells the HTTP request from others, and is the same when it is sent again.
    let request: UInt64

    package init(
      app: UInt32, appID: String, device: UnsafeRawBufferPointer, address: String, isBulk: Bool,
      receivedMs: Int64, request: UInt64
    ) {
      self.request = request
      self.app = app
      self.appID = appID
      self.device = device
      self.address = address
      self.isBulk = isBulk
      self.receivedMs = receivedMs
    }
  }

  /// An answer instead of the request's acceptance.
  package struct Refusal: Hashable {
    package let status: Int
    package let message: String
  }

  /// What a hook said about a request.
  package struct Note: Equatable {
    package let name: [UInt8]
    package var value: [UInt8]
  }

  static let notesMax = 16
  static let noteNameBytesMax = 128
  static let noteBytesMax = 4_096
  static let messageBytesMax = 512
  /// Lines about failing hooks in one second of one event loop; the counters know of all.
  private static let linesPerSecondMax = 1

  private let runtime: PluginRuntime
  private var seen = -1
  private var wanted = false
  private var lines = LogRate(linesPerSecondMax: linesPerSecondMax)
  /// What the hooks before said, and what the one that runs says.
  package private(set) var notes: [Note] = []
  private var call = Call()
  /// What is known of faults; taken when the first request comes, on the thread of all requests.
  private lazy var faults = runtime.intakeFaults
  private lazy var crumb = faults?.breadcrumb.enterLoop()

  /// What one call of one hook asked for.
  private struct Call {
    var instance: PluginInstance?
    var notes: [Note] = []
    var refusal: Refusal?
    var parameter: (UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? = { _ in nil }
    let arena = Arena()
  }

  package init(runtime: PluginRuntime) {
    self.runtime = runtime
  }

  /// Whether any plugin has an intake hook; asked for every request, and nothing else happens when
  /// there is none.
  @inline(__always)
  package var isWanted: Bool {
    let version = runtime.publishedVersion
    if version != seen {
      seen = version
      wanted = runtime.set.hasIntake
    }
    return wanted
  }

  /// Has every hook look at the request, until one refuses it. `parameter` answers the decoded
  /// value of a name. What was said is in `notes` until the next call.
  package func judge(
    _ arrival: Arrival,
    parameter: (UnsafeRawBufferPointer) -> UnsafeRawBufferPointer?
  ) -> Refusal? {
    notes.removeAll(keepingCapacity: true)
    let hooks = runtime.enteredIntake()
    defer { hooks.forEach { $0.instance.inFlight.leave() } }
    return withoutActuallyEscaping(parameter) { parameter in
      call.parameter = parameter
      defer { call.parameter = { _ in nil } }
      return withTable(arrival) { table in
        for hook in hooks {
          if let refusal = run(hook, table, arrival) { return refusal }
        }
        return nil
      }
    }
  }

  private func run(
    _ hook: IntakeHook, _ table: UnsafePointer<tally_intake>, _ arrival: Arrival
  ) -> Refusal? {
    let second = Int(arrival.receivedMs / 1_000)
    if let signal = faults?.killers[hook.consumer]?[arrival.request] {
      hook.instance.counts.add(failed: true)
      let reason = "this request ended the process with signal \(signal)"
      report(hook.instance.name, reason, second: second)
      return nil
    }
    call.instance = hook.instance
    defer { call.instance = nil }
    call.notes = []
    call.refusal = nil
    let begun = CallMeter.now()
    let (status, reason) = ErrorText.collect(hook.instance.secrets) { error in
      guard let crumb else { return hook.function(hook.instance.pointer, table, error) }
      return crumb.during(hook.crumb, request: arrival.request) {
        hook.function(hook.instance.pointer, table, error)
      }
    }
    call.arena.reset()
    hook.instance.counts.add(failed: status != TALLY_OK)
    hook.instance.account[.intake].record(since: begun, items: 1, failed: status != TALLY_OK)
    guard status == TALLY_OK else {
      report(hook.instance.name, "status \(status): \(reason)", second: second)
      return nil
    }
    if let refusal = call.refusal {
      hook.instance.counts.addRefusal()
      return refusal
    }
    notes += call.notes
    return nil
  }

  private func report(_ plugin: String, _ reason: String, second: Int) {
    guard let dropped = lines.admit(second: second) else { return }
    runtime.services.log.error(
      "an intake hook failed; the request is accepted without it",
      metadata: ["plugin": "\(plugin)", "reason": "\(reason)", "more": "\(dropped)"])
  }

  // MARK: What a hook calls

  private func withTable<T>(
    _ arrival: Arrival, _ body: (UnsafePointer<tally_intake>) -> T
  ) -> T {
    var (appID, address) = (arrival.appID, arrival.address)
    return appID.withUTF8 { appID in
      address.withUTF8 { address in
        var table = tally_intake()
        table.struct_size = UInt32(MemoryLayout<tally_intake>.size)
        table.app = arrival.app
        table.flags = arrival.isBulk ? TALLY_INTAKE_BULK : 0
        table.received_ms = arrival.receivedMs
        table.app_id = tally_str(UnsafeRawBufferPointer(appID))
        table.device = tally_str(arrival.device)
        table.address = tally_str(UnsafeRawBufferPointer(address))
        table.ctx = Unmanaged.passUnretained(self).toOpaque()
        table.parameter = { IntakeStage.from($0).parameter($1.bytes) }
        table.annotate = { IntakeStage.from($0).annotate($1.bytes, $2.bytes) }
        table.refuse = { IntakeStage.from($0).refuse($1, $2) }
        return withUnsafePointer(to: table, body)
      }
    }
  }

  private static func from(_ ctx: UnsafeMutableRawPointer?) -> IntakeStage {
    guard let ctx else { preconditionFailure("tally_intake.ctx was not handed back") }
    return Unmanaged<IntakeStage>.fromOpaque(ctx).takeUnretainedValue()
  }

  private func parameter(_ name: UnsafeRawBufferPointer) -> tally_str {
    guard let value = call.parameter(name) else { return tally_str() }
    // An empty value is there, too, and must not look like none.
    let kept = value.isEmpty ? name : call.arena.copy(value)
    return tally_str(
      ptr: kept.baseAddress?.assumingMemoryBound(to: CChar.self), len: UInt64(value.count))
  }

  private func annotate(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) -> tally_status {
    guard !name.isEmpty, String(validating: name, as: UTF8.self) != nil,
      String(validating: value, as: UTF8.self) != nil
    else { return TALLY_INVALID }
    guard name.count <= Self.noteNameBytesMax, value.count <= Self.noteBytesMax else {
      return limit()
    }
    let full = Array((call.instance?.name ?? "").utf8) + [UInt8(ascii: ".")] + Array(name)
    if let known = call.notes.firstIndex(where: { $0.name == full }) {
      call.notes[known].value = Array(value)
      return TALLY_OK
    }
    guard call.notes.count < Self.notesMax else { return limit() }
    call.notes.append(Note(name: full, value: Array(value)))
    return TALLY_OK
  }

  /// What the hook asks for is left out.
  private func limit() -> tally_status {
    call.instance?.account.drop(.intake)
    return TALLY_LIMIT
  }

  private func refuse(_ status: UInt32, _ message: tally_str) -> tally_status {
    guard (200...599).contains(status), let text = message.string else { return TALLY_INVALID }
    guard text.utf8.count <= Self.messageBytesMax else { return limit() }
    call.refusal = Refusal(status: Int(status), message: text)
    return TALLY_OK
  }
}

/// An intake hook in its place.
struct IntakeHook {
  let instance: PluginInstance
  let function: Enrollment.IntakeFunction
  /// Under this name faults of the hook are remembered.
  let consumer: String
  let crumb: StaticName

  init(instance: PluginInstance, function: @escaping Enrollment.IntakeFunction) {
    self.instance = instance
    self.function = function
    consumer = instance.name + "/intake"
    crumb = StaticName(consumer)
  }
}

/// What event loops know of faults.
struct IntakeFaults: Sendable {
  let breadcrumb: Breadcrumb
  /// The requests that ended the process, and the signals, by consumer.
  let killers: [String: [UInt64: UInt32]]
}

extension tally_str {
  init(_ bytes: UnsafeRawBufferPointer) {
    self.init(
      ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: UInt64(bytes.count))
  }
}
