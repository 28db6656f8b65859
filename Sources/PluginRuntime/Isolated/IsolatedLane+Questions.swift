import PluginABI
import Store

/// Questions: the plugin answers in its runner, on a thread that no hook waits for. Each read of the
/// store is a round trip.
extension IsolatedLane {
  /// Has the runner answer; what it writes and asks goes to the context. Throws when there is no
  /// answer because there is no runner.
  func answer(
    _ context: ReadContext
  ) throws(PluginError) -> (tally_status, String) {
    questionLock.lock()
    defer { questionLock.unlock() }
    let first = try attempt(context)
    if let first { return first }
    // The runner died of something else; the question has not been tried yet.
    context.answer = Answer()
    if let second = try attempt(context) { return second }
    throw PluginError(.runner, "\(plan.name): its runner keeps ending; ask again later")
  }

  /// nil when the runner died, but not of this question.
  private func attempt(
    _ context: ReadContext
  ) throws(PluginError) -> (tally_status, String)? {
    let runner = try live()
    var writer = runner.questions.writer()
    Self.write(context.question, route: context.route, to: &writer)
    guard !writer.isFull else {
      throw PluginError(
        .runner, "\(plan.name): a question over the isolated lane's \(Wire.messageBytes) bytes")
    }
    runner.questions.send(.answer, length: writer.used)
    return try context.withTables { request, reply in
      Result { () throws(PluginError) in
        try listen(runner, ReadReplay(request: request, reply: reply))
      }
    }.get()
  }

  private static func write(_ question: Question, route: UInt32, to writer: inout WireWriter) {
    writer.put(route, question.app)
    writer.put(question.reference)
    writer.put(UInt64(bitPattern: question.nowMs))
    writer.put(UInt64(bitPattern: question.deadlineMs))
    for text in [
      question.appID, question.httpMethod, question.path, question.member, question.contentType,
    ] { writer.put(text) }
    question.body.withUnsafeBytes { writer.put($0) }
    writer.put(UInt64(question.parameters.count))
    for (name, value) in question.parameters {
      writer.put(name)
      writer.put(value)
    }
  }

  private func listen(
    _ runner: RunnerProcess, _ replay: ReadReplay
  ) throws(PluginError) -> (tally_status, String)? {
    let limit = plan.limits.questionDeadline
    let deadline = ContinuousClock.now + limit
    while true {
      switch runner.questions.receive(process: runner.descriptor, until: deadline) {
      case .ask(let message), .done(let message):
        var given = runner.questions.writer()
        do throws(WireDamage) {
          if let end = try replay.run(message, given: &given) {
            note(end.refusals, of: runner)
            return (end.status, String(end.reason.prefix(ErrorText.lengthMax)))
          }
        } catch { throw fail(runner, EffectReplay.damage) }
        runner.questions.send(.given, length: given.used)
      case .ended:
        let busy = runner.busyWithHook
        let (end, sentence) = runner.waitForEnd()
        if sentence != nil || busy { return nil }
        let reason = "ended its runner with \(end.words) while answering"
        noteDeath(of: runner, reason)
        noteFault(reason)
        throw PluginError(.runner, "\(plan.name): \(reason)")
      case .late:
        throw fail(
          runner,
          "did not answer a question within \(limit.milliseconds) ms; its runner was ended")
      case .damaged: throw fail(runner, EffectReplay.damage)
      }
    }
  }

  /// Ends a runner for what it did in a question.
  private func fail(_ runner: RunnerProcess, _ reason: String) -> PluginError {
    runner.kill(because: reason)
    noteDeath(of: runner, reason)
    noteFault(reason)
    return PluginError(.runner, "\(plan.name): \(reason)")
  }
}
