import PluginABI

/// Intake hooks: many requests in one message, on a channel of its own.
extension IsolatedLane {
  /// Has the runner judge requests, each an `IntakeFrame`. Waits until the deadline, if for this
  /// plugin anybody waits; a runner that takes longer is left to itself, until it takes longer than
  /// any hook may.
  func judge(
    _ hook: Int, _ frames: [[UInt8]], until deadline: ContinuousClock.Instant
  ) -> IntakeGate.Outcome {
    intakeGate.run(until: deadline, isRunning: isRunning) { [self] in converse(hook, frames) }
  }

  private func converse(_ hook: Int, _ frames: [[UInt8]]) -> IntakeGate.Outcome {
    intakeLock.lock()
    defer { intakeLock.unlock() }
    var said: [IntakeSaid] = []
    let call = IntakeCall()
    let (status, reason) = once(.intake) { runner in
      var writer = runner[.intake].writer()
      writer.put(UInt64(hook))
      writer.put(UInt64(frames.count))
      for frame in frames { frame.withUnsafeBytes { writer.append($0) } }
      let replay = CallReplay(
        services: serviceReplay,
        own: { entry, place, reader throws(WireDamage) in
          guard entry == .said, Int(place) == said.count else { throw WireDamage() }
          _ = try reader.word()
          said.append(try IntakeVerdictWire.read(try reader.data(), call))
          return nil
        })
      return self.call(
        runner, on: .intake, .intake, writer, patience: hookPatience(runner, .intake), replay)
    }
    guard status == TALLY_OK, said.count == frames.count else {
      return .failed(reason.isEmpty ? "status \(status)" : reason)
    }
    return .said(said)
  }
}
