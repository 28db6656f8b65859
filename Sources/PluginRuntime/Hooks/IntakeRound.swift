import Foundation
import PluginABI

/// Judges many requests at once, off the event loop: for hooks that run in another process. First all
/// requests are read and written down here, then every hook sees all that none before it refused, in
/// one message to its runner; then the requests are read again and told what became of them. One
/// thread.
package final class IntakeRound {
  struct Verdict {
    var refusal: IntakeStage.Refusal?
    var notes: [IntakeStage.Note] = []
  }

  /// What was shown, and what was said about it so far.
  private struct Shown {
    let app: UInt32
    let device: [UInt8]
    let occasion: IntakeCaller.Occasion
    let frame: [UInt8]
    var verdict = Verdict()
  }

  let caller: IntakeCaller
  private var shown: [Shown] = []
  /// Where the items of each request begin.
  private var starts: [Int] = []
  private var next = 0
  private var end = 0

  package init(runtime: PluginRuntime) {
    caller = IntakeCaller(runtime: runtime)
  }

  /// For the intake that reads requests the first time.
  package var collecting: IntakeStage { IntakeStage(collecting: self) }

  /// For the intake that reads them the second time.
  package var telling: IntakeStage { IntakeStage(telling: self) }

  /// Forgets the last round.
  package func begin() {
    shown.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
  }

  /// What is shown from here on belongs to the next request.
  package func beginRequest() { starts.append(shown.count) }

  func add(_ arrival: IntakeStage.Arrival, _ parameters: any IntakeParameters) {
    shown.append(
      Shown(
        app: arrival.app, device: Array(arrival.device),
        occasion: .init(request: arrival.request, receivedMs: arrival.receivedMs),
        frame: IntakeFrame.write(arrival, parameters)))
  }

  // MARK: Judging

  /// Has every hook look at what was collected. `begun` is when the first of it arrived: from there
  /// on count the deadlines of hooks in runners.
  package func judge(since begun: ContinuousClock.Instant) {
    let hooks = caller.runtime.enteredIntake()
    defer { hooks.forEach { $0.instance.inFlight.leave() } }
    for hook in hooks {
      let places = shown.indices.filter { shown[$0].verdict.refusal == nil }
      guard !places.isEmpty else { return }
      if let lane = hook.instance.lane {
        ask(lane, hook, places, since: begun)
      } else {
        for place in places { call(hook, place) }
      }
    }
  }

  private func call(_ hook: IntakeHook, _ place: Int) {
    let (occasion, frame) = (shown[place].occasion, shown[place].frame)
    shown[place].verdict.refusal = frame.withUnsafeBytes { bytes in
      var reader = WireReader(bytes)
      guard let frame = try? IntakeFrame(&reader) else { return nil }
      caller.call.begin(frame)
      defer { caller.call.end() }
      return caller.call.withTable(frame.shown) {
        caller.run(hook, $0, occasion, notes: &shown[place].verdict.notes)
      }
    }
  }

  private func ask(
    _ lane: IsolatedLane, _ hook: IntakeHook, _ places: [Int],
    since arrival: ContinuousClock.Instant
  ) {
    let begun = CallMeter.now()
    let deadline = arrival + lane.plan.limits.intakeDeadline
    let receivedMs = shown[places[0]].occasion.receivedMs
    let outcome = lane.judge(hook.ordinal, places.map { shown[$0].frame }, until: deadline)
    switch outcome {
    case .late: caller.pass(over: hook, places.count, receivedMs)
    case .failed(let reason):
      hook.instance.counts.add(failed: true)
      hook.instance.account[.intake].record(since: begun, items: places.count, failed: true)
      caller.report(hook, reason, receivedMs)
    case .said(let all):
      let hasFailed = all.contains { $0.status != TALLY_OK }
      hook.instance.account[.intake].record(
        since: begun, items: places.count, failed: hasFailed)
      for (place, said) in zip(places, all) {
        shown[place].verdict.refusal = caller.take(
          said, of: hook, receivedMs, notes: &shown[place].verdict.notes)
      }
    }
  }

  // MARK: Telling

  /// The verdicts of one request are asked for from here on, in the order in which its items were
  /// collected.
  package func tell(_ request: Int) {
    next = starts[request]
    end = request + 1 < starts.count ? starts[request + 1] : shown.count
  }

  /// What became of the next item. One that was not collected, because the apps changed in between,
  /// is accepted.
  func next(_ arrival: IntakeStage.Arrival) -> Verdict {
    guard next < end, shown[next].app == arrival.app,
      shown[next].device.elementsEqual(arrival.device)
    else { return Verdict() }
    defer { next += 1 }
    return shown[next].verdict
  }
}
