import PluginABI

/// One call on one channel: the request, what the runner asks meanwhile, its end.
extension IsolatedLane {
  /// Performs the entries of a message. With a writer the runner waits for what the last came to.
  typealias Hear = (
    _ entries: UnsafeRawBufferPointer, _ given: UnsafeMutablePointer<WireWriter>?
  ) throws(WireDamage) -> Void

  /// When a call has taken too long.
  struct Patience {
    let limit: Duration
    /// Asked now and then.
    var isOver: () -> Bool = { false }
    /// Why, once it is.
    var reason: () -> String
  }

  /// As long as a hook may take.
  func hookPatience(_ runner: RunnerProcess, _ channel: Channel = .hook) -> Patience {
    var patience = HookPatience(
      runner.identifier, thread: channel == .hook ? runner.identifier : runner[channel].thread,
      plan.limits.hookComputing)
    let limit = plan.limits.hookDeadline
    return Patience(
      limit: limit,
      isOver: {
        if channel == .hook { runner.letHookGo() }
        return patience.isOver()
      }, reason: { patience.reason(deadline: limit) })
  }

  /// Has the runner do something on the channel of hooks.
  func converse(
    _ runner: RunnerProcess, _ kind: Wire.Kind, _ written: WireWriter, _ hear: Hear
  ) -> Attempt {
    converse(runner, on: .hook, kind, written, hookPatience(runner), hear)
  }

  /// The same where `replay` performs what is asked for; what it refuses is the call's status.
  func call(
    _ runner: RunnerProcess, on channel: Channel = .hook, _ kind: Wire.Kind,
    _ written: WireWriter, patience: Patience? = nil, _ replay: CallReplay
  ) -> Attempt {
    let end = converse(
      runner, on: channel, kind, written, patience ?? hookPatience(runner)
    ) { entries, given throws(WireDamage) in
      try replay.run(entries, given: given)
    }
    if case .returned = end, let refusal = replay.refusal {
      return .returned(TALLY_LIMIT, refusal)
    }
    return end
  }

  private func converse(
    _ runner: RunnerProcess, on channel: Channel, _ kind: Wire.Kind, _ written: WireWriter,
    _ patience: Patience, _ hear: Hear
  ) -> Attempt {
    guard !written.isFull else {
      return .returned(
        TALLY_LIMIT, "over the isolated lane's limit of \(Wire.messageBytes) bytes")
    }
    return runner.during(channel) {
      runner[channel].send(kind, length: written.used)
      do throws(WireDamage) { return try listen(runner, channel, patience, hear) } catch {
        return ended(runner, because: EffectReplay.damage)
      }
    }
  }

  private func listen(
    _ runner: RunnerProcess, _ channel: Channel, _ patience: Patience, _ hear: Hear
  ) throws(WireDamage) -> Attempt {
    var deadline = ContinuousClock.now + patience.limit
    var asked = 0
    while true {
      let event = runner[channel].receive(
        process: runner.descriptor, until: deadline, isOver: patience.isOver)
      switch event {
      case .ask(let message):
        let heard = ContinuousClock.now
        // What a hook asks for is kept until it returns; others may ask for as long as they run.
        if channel == .hook { asked += message.count }
        guard asked <= plan.limits.effectBytesMax else {
          return ended(
            runner, because: "asked for more than \(plan.limits.effectBytesMax) bytes in one call")
        }
        var given = runner[channel].writer()
        try hear(try Self.entries(message), &given)
        runner[channel].send(.given, length: given.used)
        // What the host takes is not the plugin's time.
        deadline += .now - heard
      case .done(let message):
        let entries = try Self.entries(message)
        try hear(entries, nil)
        let end = 8 + entries.count
        let trailer = WireReader(UnsafeRawBufferPointer(rebasing: message[end...]))
        return try close(trailer, runner, channel)
      case .ended: return ended(runner, channel)
      case .late: return ended(runner, late: patience.reason())
      case .damaged: throw WireDamage()
      }
    }
  }

  /// The first word of a message says where its effects end.
  private static func entries(
    _ message: UnsafeRawBufferPointer
  ) throws(WireDamage) -> UnsafeRawBufferPointer {
    var reader = WireReader(message)
    let count = try reader.word()
    guard count <= UInt64(message.count - 8) else { throw WireDamage() }
    return UnsafeRawBufferPointer(rebasing: message[8..<8 + Int(count)])
  }

  private func close(
    _ trailer: WireReader, _ runner: RunnerProcess, _ channel: Channel
  ) throws(WireDamage) -> Attempt {
    var trailer = trailer
    let status = tally_status(truncatingIfNeeded: Int64(bitPattern: try trailer.word()))
    let wants = Wire.Wants(rawValue: try trailer.word())
    // Only there is anything to be had, and its lock held.
    if channel == .hook { self.wants.formUnion(wants) }
    let reason = try trailer.text()
    note(try RefusedCalls(&trailer), of: runner)
    let changes = try MetricChange.read(&trailer)
    if !changes.isEmpty { serviceReplay.apply(changes) }
    return .returned(status, String(reason.prefix(ErrorText.lengthMax)))
  }

  // MARK: Ends

  private func ended(_ runner: RunnerProcess, _ channel: Channel) -> Attempt {
    let (end, sentence) = runner.waitForEnd()
    return .died(
      sentence ?? "ended its runner with \(end.words)",
      isOurs: sentence == nil && runner.isToBlame(channel))
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

/// Performs what calls other than process hooks ask for. The entries are the runner's and may hold
/// anything.
final class CallReplay {
  private let services: ServiceReplay
  private let hand: (UnsafeRawBufferPointer) -> Void
  /// Performs an entry of the call's own kind; what it came to, where the runner waits for that.
  private let own: (Wire.Entry, UInt32, inout WireReader) throws(WireDamage) -> UInt64?
  /// Why the call is refused; nil while it is not.
  private(set) var refusal: String?

  init(
    services: ServiceReplay, hand: @escaping (UnsafeRawBufferPointer) -> Void = { _ in },
    own: @escaping (Wire.Entry, UInt32, inout WireReader) throws(WireDamage) -> UInt64? = {
      _, _, _ throws(WireDamage) in throw WireDamage()
    }
  ) {
    self.services = services
    self.hand = hand
    self.own = own
  }

  func run(
    _ entries: UnsafeRawBufferPointer, given: UnsafeMutablePointer<WireWriter>?
  ) throws(WireDamage) {
    var reader = WireReader(entries)
    while !reader.isAtEnd {
      let (kind, item) = try reader.pair()
      given?.pointee.reset()
      given?.pointee.put(1)
      switch Wire.Entry(rawValue: kind) {
      case .service:
        let answer = try services.answer(try reader.data())
        answer.withUnsafeBytes { given?.pointee.put($0) }
      case .handed:
        _ = try reader.word()
        hand(try reader.data())
      case .refuse: refusal = try reader.text()
      case let entry?: if let answer = try own(entry, item, &reader) { given?.pointee.put(answer) }
      case nil: throw WireDamage()
      }
    }
    if entries.isEmpty { given?.pointee.put(1) }
  }
}
