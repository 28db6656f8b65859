import PluginABI

/// Performs what a plugin in a runner asks of services, by the very functions a plugin in this
/// process calls: the same checks, quotas and accounts, the same refusals. The frame is the runner's
/// and may hold anything.
struct ServiceReplay {
  let context: ServiceContext?
  let appID: (UInt32) -> String?
  /// The number of a member name; nil once the plugin runs.
  var intern: (([UInt8]) -> UInt32)?
  /// Notes whether anything was asked for that must not be asked for twice.
  var acts: Acts?
  /// A runner that is started again defines what the first one defined.
  var isAgain = false

  /// Whether calls of a conversation changed anything.
  final class Acts {
    fileprivate(set) var happened = false
  }

  /// Receives what the functions hand out.
  final class Sink {
    var frame = ServiceFrame()

    static func from(_ ctx: UnsafeMutableRawPointer?) -> Sink {
      guard let ctx else { preconditionFailure("the visitor's context was not handed back") }
      return Unmanaged<Sink>.fromOpaque(ctx).takeUnretainedValue()
    }
  }

  /// One call on its way to its function.
  struct Call {
    let sink: UnsafeMutableRawPointer
    let out: Sink
    let error: UnsafePointer<tally_error>
    let effects: UnsafePointer<tally_effects>?
  }

  /// Writes what the call came to.
  func run(
    _ frame: UnsafeRawBufferPointer, into reply: inout WireWriter
  ) throws(WireDamage) {
    try answer(frame).withUnsafeBytes { reply.put($0) }
  }

  /// Status, reason and what was handed out; more than a message has room for is `TALLY_LIMIT`.
  func answer(
    _ frame: UnsafeRawBufferPointer, effects: UnsafePointer<tally_effects>? = nil
  ) throws(WireDamage) -> [UInt8] {
    let sink = Sink()
    var damage: WireDamage?
    let (status, reason) = withExtendedLifetime(sink) {
      ErrorText.collect(context?.secrets ?? Secrets()) { error in
        let call = Call(
          sink: Unmanaged.passUnretained(sink).toOpaque(), out: sink, error: error,
          effects: effects)
        do throws(WireDamage) { return try perform(WireReader(frame), call) } catch {
          damage = error
          return TALLY_INVALID
        }
      }
    }
    if let damage { throw damage }
    var result = ServiceFrame()
    result.put(UInt64(bitPattern: Int64(status)))
    result.put(status == TALLY_OK ? "" : reason)
    guard result.bytes.count + sink.frame.bytes.count <= Self.answerBytesMax else {
      result = ServiceFrame()
      result.put(UInt64(bitPattern: Int64(TALLY_LIMIT)))
      result.put("what it came to is over the isolated lane's \(Self.answerBytesMax) bytes")
      return result.bytes
    }
    return result.bytes + sink.frame.bytes
  }

  /// What fits into one message beside its other words.
  private static let answerBytesMax = Wire.messageBytes - 4_096

  private func perform(_ reader: WireReader, _ call: Call) throws(WireDamage) -> tally_status {
    var reader = reader
    guard let function = ServiceCall(rawValue: try reader.word()) else { throw WireDamage() }
    if function.changesSomething { acts?.happened = true }
    switch function {
    case .intern:
      let name = Array(try reader.data())
      call.out.frame.put(UInt64(intern?(name) ?? 0))
      return TALLY_OK
    case .appID:
      guard let id = appID(UInt32(truncatingIfNeeded: try reader.word())) else {
        return TALLY_NOT_FOUND
      }
      call.out.frame.put(id)
      return TALLY_OK
    case .defineCommand, .submit: return try commands(function, &reader, call)
    case .send, .stage: return try emit(function, &reader, call)
    case .get, .put, .remove, .compareSwap, .scan: return try keyValues(function, &reader, call)
    case .defineJob, .enqueue, .cancelJob, .look: return try jobs(function, &reader, call)
    case .perform: return try http(&reader, call)
    case .member, .may, .audit: return try auth(function, &reader, call)
    case .defineMetric: return try metric(&reader, call)
    }
  }

  /// The table of a service, as a plugin in this process has it.
  func table<T>(_ service: Service, as type: T.Type) -> T? {
    context?.table("tally.\(service.rawValue)", minRevision: Service.revision)?
      .assumingMemoryBound(to: type).pointee
  }

  /// Adds to and sets the plugin's own numbers.
  func apply(_ changes: [MetricChange]) {
    guard let table = table(.metrics, as: tally_metrics.self) else { return }
    for change in changes {
      if let value = change.value { table.set(table.ctx, change.metric, value) }
      if change.delta != 0 { table.add(table.ctx, change.metric, change.delta) }
    }
  }
}

/// What became of one of a plugin's own numbers since its runner last spoke of it.
struct MetricChange {
  /// Changes a message may carry.
  static let changesMax = 256

  let metric: UInt32
  /// What it was set to last.
  var value: Int64?
  /// What was added since then.
  var delta: Int64 = 0

  static func read(_ reader: inout WireReader) throws(WireDamage) -> [MetricChange] {
    let count = try reader.word()
    guard count <= UInt64(changesMax) else { throw WireDamage() }
    var changes: [MetricChange] = []
    for _ in 0..<count {
      let (metric, isSet) = try reader.pair()
      var change = MetricChange(metric: metric)
      let value = Int64(bitPattern: try reader.word())
      change.value = isSet == 1 ? value : nil
      change.delta = Int64(bitPattern: try reader.word())
      changes.append(change)
    }
    return changes
  }
}
