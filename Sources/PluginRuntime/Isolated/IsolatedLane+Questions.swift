import Foundation
import PluginABI
import Store

/// Questions: the plugin answers in its runner, on a thread that no hook waits for. Each read of the
/// store is a round trip.
extension IsolatedLane {
  /// Runners that one question may end.
  private static let questionDeathsMax = 2

  /// How asking a runner ended.
  private enum Answered {
    case answered(tally_status, String)
    case died(String, isOurs: Bool)
  }

  /// Has the runner answer; what it writes and asks goes to the context. A runner that dies is waited
  /// for and the next one is asked, unless the question has changed something already. Throws when it
  /// ends two, when the time of its route is over, or when there is no runner any more.
  func answer(_ context: ReadContext) throws(PluginError) -> (tally_status, String) {
    let time = context.question.time
    guard questionLock.lock(before: Date(timeIntervalSinceNow: time.seconds)) else {
      throw PluginError(
        .late,
        "\(plan.name): other questions took all of the \(time.milliseconds) ms of this one")
    }
    defer { questionLock.unlock() }
    var survived: String?
    var strays = 0
    let acts = ServiceReplay.Acts()
    while true {
      switch try attempt(context, acts) {
      case .answered(let status, let reason):
        if let survived { noteFault(survived) }
        return (status, reason)
      case .died(let reason, let isOurs) where acts.happened:
        if isOurs { noteFault(reason) }
        throw PluginError(.runner, "\(plan.name): \(reason)")
      case .died(_, isOurs: false) where strays < Self.straysMax: strays += 1
      case .died(let reason, _):
        guard survived != nil else {
          survived = reason
          break
        }
        noteFault(reason)
        throw PluginError(.runner, "\(plan.name): \(reason)")
      }
      context.answer = Answer()
    }
  }

  private func attempt(
    _ context: ReadContext, _ acts: ServiceReplay.Acts
  ) throws(PluginError) -> Answered {
    let runner = try live()
    var writer = runner.questions.writer()
    Self.write(context.question, route: context.route, to: &writer)
    guard !writer.isFull else {
      throw PluginError(
        .runner, "\(plan.name): a question over the isolated lane's \(Wire.messageBytes) bytes")
    }
    var services = serviceReplay
    services.acts = acts
    return try context.withTables { request, reply in
      runner.during(.question) {
        runner.questions.send(.answer, length: writer.used)
        return Result { () throws(PluginError) in
          let replay = ReadReplay(request: request, reply: reply, services: services)
          return try listen(runner, replay, for: context.question.time)
        }
      }
    }.get()
  }

  private static func write(_ question: Question, route: UInt32, to writer: inout WireWriter) {
    writer.put(route, question.app)
    writer.put(question.reference)
    writer.put(UInt64(bitPattern: question.nowMs))
    writer.put(UInt64(bitPattern: question.deadlineMs))
    writer.put(UInt64(bitPattern: question.localMs))
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
    _ runner: RunnerProcess, _ replay: ReadReplay, for time: Duration
  ) throws(PluginError) -> Answered {
    var deadline = ContinuousClock.now + time
    while true {
      switch runner.questions.receive(process: runner.descriptor, until: deadline) {
      case .ask(let message), .done(let message):
        let heard = ContinuousClock.now
        var given = runner.questions.writer()
        do throws(WireDamage) {
          if let end = try replay.run(message, given: &given) {
            note(end.refusals, of: runner)
            replay.services.apply(end.changes)
            return .answered(end.status, String(end.reason.prefix(ErrorText.lengthMax)))
          }
        } catch { throw fail(runner, .runner, EffectReplay.damage) }
        runner.questions.send(.given, length: given.used)
        // What the host takes is not the plugin's time.
        deadline += .now - heard
      case .ended:
        let (end, sentence) = runner.waitForEnd()
        let reason = sentence ?? "ended its runner with \(end.words) while answering"
        noteDeath(of: runner, reason)
        return .died(reason, isOurs: sentence == nil && runner.isToBlame(.question))
      case .late:
        throw fail(
          runner, .late,
          "did not answer a question within \(time.milliseconds) ms; its runner was ended")
      case .damaged: throw fail(runner, .runner, EffectReplay.damage)
      }
    }
  }

  /// Ends a runner for what it did in a question.
  private func fail(
    _ runner: RunnerProcess, _ code: PluginError.Code, _ reason: String
  ) -> PluginError {
    runner.kill(because: reason)
    noteDeath(of: runner, reason)
    noteFault(reason)
    return PluginError(code, "\(plan.name): \(reason)")
  }
}

extension Question {
  /// How long its route lets an answer take.
  fileprivate var time: Duration { .milliseconds(deadlineMs - nowMs) }
}
