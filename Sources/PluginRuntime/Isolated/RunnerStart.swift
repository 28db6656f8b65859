import PluginABI

/// The first words between host and runner: are both of one Tally, which plugin is it, what does it
/// register.
struct RunnerStart {
  private let plan: IsolationPlan
  private let runner: RunnerProcess
  private let deadline: ContinuousClock.Instant

  init(_ plan: IsolationPlan, _ runner: RunnerProcess) {
    self.plan = plan
    self.runner = runner
    deadline = .now + plan.limits.startDeadline
  }

  /// What a library said of itself when it was opened.
  struct Loaded {
    let manifest: Manifest
    /// Tells its descriptor from another one.
    let hash: UInt64
    /// Whether an instance takes other settings over while it runs.
    let takesSettings: Bool
  }

  /// Waits for hello, checks the numbers, and has the library opened.
  func load() throws(PluginError) -> Loaded {
    _ = try wait("say hello") { _ in }
    let hello = runner.hooks.hello
    guard hello.magic == Wire.magic, hello.protocolNumber == Wire.protocolNumber,
      hello.abiMajor == TALLY_ABI_MAJOR, hello.abiMinor == TALLY_ABI_MINOR
    else {
      throw PluginError(
        .runner,
        "\(plan.program) speaks protocol \(hello.protocolNumber) and ABI "
          + "\(hello.abiMajor).\(hello.abiMinor), need \(Wire.protocolNumber) and "
          + "\(TALLY_ABI_MAJOR).\(TALLY_ABI_MINOR); install the tally-runner of this Tally")
    }
    runner.hooks.send(.load, length: 0)
    var reader = try answer("open the library") { _ in }
    let takesSettings: Bool
    do throws(WireDamage) {
      _ = try reader.pair()
      takesSettings = try reader.word() == 1
    } catch { throw damaged }
    let hash = Wire.hash(UnsafeRawBufferPointer(rebasing: reader.bytes[reader.place...]))
    return Loaded(
      manifest: try ManifestWire.read(&reader, origin: plan.path), hash: hash,
      takesSettings: takesSettings)
  }

  /// What a plugin said of itself when it was started.
  struct Begun {
    let registrations: [UInt8]
    /// Whether it has anything to leave to the code that takes its place.
    let hasState: Bool
    /// Why it starts without the state it was given; nil when it took it.
    let stateRefusal: String?
  }

  /// Has the plugin created, enrolled and started. `state` is what another generation left.
  func begin(
    _ settings: Settings?, state: [UInt8]?, version: String, services: ServiceReplay
  ) throws(PluginError) -> Begun {
    var writer = runner.hooks.writer()
    writer.put(version)
    writer.put(services.context == nil ? 0 : 1)
    SettingsWire.write(settings, to: &writer)
    writer.put(state == nil ? 0 : 1)
    (state ?? []).withUnsafeBytes { writer.put($0) }
    guard !writer.isFull else {
      throw PluginError(
        .runner, "\(plan.name): settings and state over \(Wire.messageBytes) bytes")
    }
    runner.hooks.send(.begin, length: writer.used)
    var reader = try answer("create, enroll and start") { asked in
      var writer = runner.hooks.writer()
      do throws(WireDamage) {
        var asked = WireReader(asked)
        try services.run(try asked.data(), into: &writer)
      } catch { writer.reset() }
      runner.hooks.send(.given, length: writer.used)
    }
    do throws(WireDamage) {
      let registrations = Array(try reader.data())
      let (hasState, isRefused) = try reader.pair()
      let reason = try reader.text()
      services.apply(try MetricChange.read(&reader))
      return Begun(
        registrations: registrations, hasState: hasState == 1,
        stateRefusal: isRefused == 1 ? reason : nil)
    } catch { throw damaged }
  }

  /// The answer behind its status; a failure becomes the error that the runner met.
  private func answer(
    _ step: String, _ ask: (UnsafeRawBufferPointer) -> Void
  ) throws(PluginError) -> WireReader {
    var reader = WireReader(try wait(step, ask))
    let failure: PluginError
    do throws(WireDamage) {
      if try reader.word() == 0 { return reader }
      let code = PluginError.Code(rawValue: try reader.text())
      failure = PluginError(code ?? .runner, try reader.text())
    } catch { throw damaged }
    throw failure
  }

  private func wait(
    _ step: String, _ ask: (UnsafeRawBufferPointer) -> Void
  ) throws(PluginError) -> UnsafeRawBufferPointer {
    while true {
      switch runner.hooks.receive(process: runner.descriptor, until: deadline) {
      case .done(let message): return message
      case .ask(let message): ask(message)
      case .damaged: throw damaged
      case .late:
        runner.kill(because: "it was too slow to \(step)")
        throw PluginError(
          .startFailed,
          "\(plan.name): its runner did not \(step) within "
            + "\(plan.limits.startDeadline.components.seconds) s and was ended")
      case .ended:
        throw PluginError(
          .startFailed,
          "\(plan.name): ended its runner with \(runner.waitForEnd().end.words) when told to "
            + "\(step)")
      }
    }
  }

  private var damaged: PluginError {
    PluginError(.runner, "\(plan.name): its runner sent a message that cannot be read")
  }
}
