import PluginABI

/// What a plugin's cell says about a user, told on the thread that answers questions.
extension IsolatedLane {
  /// Runners that one portrait may end.
  private static let portraitDeathsMax = 2

  /// Has the runner tell; one that dies is waited for, and the next one is asked.
  func describe(_ portrait: UnsafePointer<tally_portrait>) -> (tally_status, String) {
    questionLock.lock()
    defer { questionLock.unlock() }
    var deaths = 0
    while true {
      var told: [(name: [UInt8], json: [UInt8])] = []
      var hasDied = false
      let answer = once(.question) { runner in
        let end = ask(runner, portrait.pointee) { told.append(($0, $1)) }
        if case .returned = end {} else { hasDied = true }
        return end
      }
      deaths += 1
      guard hasDied, deaths < Self.portraitDeathsMax else {
        for member in told { tell(portrait.pointee, member.name, member.json) }
        return answer
      }
    }
  }

  private func ask(
    _ runner: RunnerProcess, _ portrait: tally_portrait,
    _ take: @escaping (_ name: [UInt8], _ json: [UInt8]) -> Void
  ) -> Attempt {
    var writer = runner.questions.writer()
    writer.put(portrait.app, 0)
    writer.put(portrait.user)
    writer.put(portrait.cell.bytes)
    let limit = plan.limits.hookDeadline
    let replay = CallReplay(
      services: serviceReplay,
      own: { entry, _, reader throws(WireDamage) in
        guard entry == .exported else { throw WireDamage() }
        _ = try reader.word()
        let name = Array(try reader.data())
        take(name, Array(try reader.data()))
        return nil
      })
    return call(
      runner, on: .question, .describe, writer,
      patience: Patience(limit: limit, reason: { Self.late(limit) }), replay)
  }

  private func tell(_ portrait: tally_portrait, _ name: [UInt8], _ json: [UInt8]) {
    name.withTallyText { name in
      json.withTallyText { portrait.member(portrait.ctx, name, $0) }
    }
  }
}
