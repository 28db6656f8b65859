import PluginABI

/// Calls the plugin's functions as the host's messages say; what they ask for goes to the stage of the
/// conversation.
final class RunnerCalls: @unchecked Sendable {
  private let plugin: RunnerPlugin
  private let refusals: Refusals

  init(_ plugin: RunnerPlugin, refusals: Refusals) {
    self.plugin = plugin
    self.refusals = refusals
  }

  func perform(
    _ kind: Wire.Kind, _ message: WireReader, _ stage: RecordingStage
  ) throws(WireDamage) {
    // What the host gives during a call takes the place of the message.
    let isKept = [.command, .merge, .reduce, .lifecycle, .job, .intake, .describe].contains(kind)
    var message = isKept ? WireReader(stage.arena.copy(message.bytes)) : message
    let (status, reason) = try call(kind, &message, stage)
    stage.finish(
      status, status == TALLY_OK ? "" : reason, refusals: refusals, services: plugin.services)
  }

  private func call(
    _ kind: Wire.Kind, _ message: inout WireReader, _ stage: RecordingStage
  ) throws(WireDamage) -> (tally_status, String) {
    switch kind {
    case .process: return try process(&message, stage)
    case .transform: return try transform(&message, stage)
    case .command: return try command(&message, stage)
    case .merge: return try merge(&message, stage)
    case .reduce: return try reduce(&message, stage)
    case .lifecycle: return try lifecycle(&message, stage)
    case .committed: return try committed(&message, stage)
    case .job: return try job(&message, stage)
    case .intake: return try intake(&message, stage)
    case .describe: return try describe(&message, stage)
    case .settingsCheck:
      stage.begin()
      return plugin.check(try SettingsWire.read(&message))
    case .settingsApply:
      stage.begin()
      return plugin.apply(try SettingsWire.read(&message))
    case .export:
      stage.begin()
      if let state = plugin.exportState() { state.withUnsafeBytes { stage.hand($0) } }
      return (TALLY_OK, "")
    default: throw WireDamage()
    }
  }

  private func hook(_ place: Int) throws(WireDamage) -> Enrollment.Function {
    guard plugin.enrollment.hooks.indices.contains(place) else { throw WireDamage() }
    return plugin.enrollment.hooks[place].function
  }

  // MARK: Over batches

  private func process(
    _ message: inout WireReader, _ stage: RecordingStage
  ) throws(WireDamage) -> (tally_status, String) {
    let call = try stage.begin(&message)
    guard case .process(let function) = try hook(call.hook) else { throw WireDamage() }
    return ErrorText.collect(plugin.secrets) { error in
      withUnsafePointer(to: stage.effects) {
        function(plugin.instance, stage.batch, call.facts, $0, error)
      }
    }
  }

  private func transform(
    _ message: inout WireReader, _ stage: RecordingStage
  ) throws(WireDamage) -> (tally_status, String) {
    let call = try stage.begin(&message)
    guard case .transform(let function) = try hook(call.hook) else { throw WireDamage() }
    return ErrorText.collect(plugin.secrets) { error in
      withUnsafePointer(to: stage.makeVerdicts()) {
        function(plugin.instance, stage.batch, $0, error)
      }
    }
  }

  private func committed(
    _ message: inout WireReader, _ stage: RecordingStage
  ) throws(WireDamage) -> (tally_status, String) {
    let call = try stage.begin(&message)
    guard case .committed(let function) = try hook(call.hook) else { throw WireDamage() }
    var commit = tally_commit()
    commit.struct_size = UInt32(MemoryLayout<tally_commit>.size)
    commit.flags = UInt32(truncatingIfNeeded: try message.word())
    commit.first_position = try message.word()
    commit.last_position = try message.word()
    (commit.batch, commit.facts) = (stage.batch, call.facts)
    return ErrorText.collect(plugin.secrets) { function(plugin.instance, &commit, $0) }
  }

  private func command(
    _ message: inout WireReader, _ stage: RecordingStage
  ) throws(WireDamage) -> (tally_status, String) {
    _ = try stage.begin(&message)
    var command = tally_command()
    command.struct_size = UInt32(MemoryLayout<tally_command>.size)
    command.name = try message.tallyText()
    let (app, hour) = try message.pair()
    (command.app, command.hour) = (app, Int32(bitPattern: hour))
    command.position = try message.word()
    command.received_ms = Int64(bitPattern: try message.word())
    command.user = try message.word()
    command.payload = tally_bytes(try message.data())
    command.answer_ctx = stage.ctx
    command.answer = { RecordingStage.from($0).hand($1.bytes) }
    guard let apply = command.name.string.flatMap({ plugin.services?.command($0) }) else {
      throw WireDamage()
    }
    return ErrorText.collect(plugin.secrets) { error in
      withUnsafePointer(to: stage.effects) { apply(plugin.instance, &command, $0, error) }
    }
  }

  // MARK: Without a batch

  private func merge(
    _ message: inout WireReader, _ stage: RecordingStage
  ) throws(WireDamage) -> (tally_status, String) {
    stage.begin()
    var merge = tally_merge()
    merge.struct_size = UInt32(MemoryLayout<tally_merge>.size)
    merge.app = UInt32(truncatingIfNeeded: try message.word())
    merge.from_user = try message.word()
    merge.into_user = try message.word()
    merge.at_ms = Int64(bitPattern: try message.word())
    merge.from = tally_bytes(try message.data())
    merge.into = tally_bytes(try message.data())
    merge.ctx = stage.ctx
    merge.put = { RecordingStage.from($0).hand($1.bytes) }
    merge.find_by = { RecordingStage.from($0).findBy(0, $1, $2) }
    guard let function = plugin.merge else { return (TALLY_OK, "") }
    return ErrorText.collect(plugin.secrets) { function(plugin.instance, &merge, $0) }
  }

  private func reduce(
    _ message: inout WireReader, _ stage: RecordingStage
  ) throws(WireDamage) -> (tally_status, String) {
    stage.begin()
    let (place, app) = try message.pair()
    guard Int(place) < plugin.enrollment.collections.count else { throw WireDamage() }
    var fold = tally_fold()
    fold.struct_size = UInt32(MemoryLayout<tally_fold>.size)
    (fold.collection, fold.app) = (place + 1, app)
    fold.key = try message.tallyText()
    fold.document = tally_bytes(try message.data())
    var payloads: [tally_bytes] = []
    for _ in 0..<(try message.word()) { payloads.append(tally_bytes(try message.data())) }
    fold.n_payloads = UInt32(payloads.count)
    fold.ctx = stage.ctx
    fold.put = { RecordingStage.from($0).hand($1.bytes) }
    let reduce = plugin.enrollment.collections[Int(place)].reduce
    return payloads.withUnsafeBufferPointer { payloads in
      fold.payloads = payloads.baseAddress
      return ErrorText.collect(plugin.secrets) { reduce(plugin.instance, &fold, $0) }
    }
  }

  private func lifecycle(
    _ message: inout WireReader, _ stage: RecordingStage
  ) throws(WireDamage) -> (tally_status, String) {
    stage.begin()
    guard case .lifecycle(let function) = try hook(Int(try message.word())) else {
      throw WireDamage()
    }
    var event = tally_lifecycle()
    event.struct_size = UInt32(MemoryLayout<tally_lifecycle>.size)
    (event.kind, event.app) = try message.pair()
    event.at_ms = Int64(bitPattern: try message.word())
    event.user = try message.word()
    event.into = try message.word()
    event.app_id = try message.tallyText()
    event.name = try message.tallyText()
    event.detail = try message.tallyText()
    event.ctx = stage.ctx
    if event.kind == TALLY_LIFECYCLE_USER_EXPORTED {
      event.write = { RecordingStage.from($0).put(.exported, 0, 0, [$1.bytes, $2.bytes]) }
    }
    return ErrorText.collect(plugin.secrets) { function(plugin.instance, &event, $0) }
  }

  /// What it comes to for one user is no status of the whole.
  private func describe(
    _ message: inout WireReader, _ stage: RecordingStage
  ) throws(WireDamage) -> (tally_status, String) {
    stage.begin()
    guard let describe = plugin.enrollment.describe else { throw WireDamage() }
    var portrait = tally_portrait()
    portrait.struct_size = UInt32(MemoryLayout<tally_portrait>.size)
    portrait.ctx = stage.ctx
    portrait.member = { RecordingStage.from($0).put(.exported, 0, 0, [$1.bytes, $2.bytes]) }
    for _ in 0..<(try message.word()) {
      (portrait.app, _) = try message.pair()
      portrait.user = try message.word()
      portrait.cell = tally_bytes(try message.data())
      let (status, reason) = ErrorText.collect(plugin.secrets) { error in
        withUnsafePointer(to: portrait) { describe(plugin.instance, $0, error) }
      }
      let words = Array((status == TALLY_OK ? "" : reason).utf8)
      words.withUnsafeBytes { stage.put(.status, UInt32(bitPattern: status), 0, [$0]) }
    }
    return (TALLY_OK, "")
  }

  private func job(
    _ message: inout WireReader, _ stage: RecordingStage
  ) throws(WireDamage) -> (tally_status, String) {
    stage.begin()
    var job = tally_job()
    job.struct_size = UInt32(MemoryLayout<tally_job>.size)
    job.attempt = UInt32(truncatingIfNeeded: try message.word())
    job.id = try message.word()
    job.now_ms = Int64(bitPattern: try message.word())
    job.deadline_ms = Int64(bitPattern: try message.word())
    job.name = try message.tallyText()
    job.payload = tally_bytes(try message.data())
    job.ctx = stage.ctx
    job.progress = { RecordingStage.from($0).tellProgress($1) }
    job.is_cancelled = { RecordingStage.from($0).isCancelled }
    guard let run = job.name.string.flatMap({ plugin.services?.job($0) }) else {
      throw WireDamage()
    }
    return ErrorText.collect(plugin.secrets) { run(plugin.instance, &job, $0) }
  }

  // MARK: Over requests

  /// What a hook says of one request is no status of the whole.
  private func intake(
    _ message: inout WireReader, _ stage: RecordingStage
  ) throws(WireDamage) -> (tally_status, String) {
    stage.begin()
    guard case .intake(let function) = try hook(Int(try message.word())) else { throw WireDamage() }
    let (call, count) = (stage.intake, try message.word())
    for place in 0..<count {
      let frame = try IntakeFrame(&message)
      call.begin(frame)
      let (status, reason) = ErrorText.collect(plugin.secrets) { error in
        call.withTable(frame.shown) { function(plugin.instance, $0, error) }
      }
      let said = IntakeSaid(
        status: status, reason: status == TALLY_OK ? "" : reason, notes: call.notes,
        refusal: call.refusal, limits: call.limits)
      call.end()
      IntakeVerdictWire.write(said, place: UInt32(truncatingIfNeeded: place), to: stage)
    }
    return (TALLY_OK, "")
  }
}
