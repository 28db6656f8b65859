import Foundation
import Testing

@testable import PluginRuntime

/// For whom requests wait, and for how long in all.
@Suite("Waiting for intake hooks")
struct IntakeTrustTests {
  private static let window = Duration.milliseconds(20)
  private let start = ContinuousClock.now
  private var trust: IntakeTrust

  init() { trust = IntakeTrust(window: Self.window, at: start) }

  private func admit(
    _ trust: inout IntakeTrust, after milliseconds: Int, isIdle: Bool = true,
    isRunning: Bool = true
  ) -> IntakeTrust.Admission {
    trust.admit(at: start + .milliseconds(milliseconds), isIdle: isIdle, isRunning: isRunning)
  }

  @Test("Requests wait for a plugin that answers in time, also behind others")
  func waits() {
    var trust = trust
    for time in 0..<100 {
      #expect(admit(&trust, after: time, isIdle: time % 2 == 0) == .wait)
      trust.returned(after: .milliseconds(19))
    }
  }

  @Test("After an overrun nobody waits until the plugin has answered in time")
  func overrun() {
    var trust = trust
    #expect(admit(&trust, after: 0) == .wait)
    trust.overran(at: start + .milliseconds(20), waited: Self.window)
    #expect(admit(&trust, after: 21, isIdle: false) == .pass)
    trust.returned(after: .milliseconds(1_000))
    // It is back, and is asked whether it has become faster; one message at a time.
    #expect(admit(&trust, after: 1_001) == .probe)
    #expect(admit(&trust, after: 1_002, isIdle: false) == .pass)
    trust.returned(after: .milliseconds(21))
    #expect(admit(&trust, after: 1_030) == .probe)
    trust.returned(after: .milliseconds(5))
    #expect(admit(&trust, after: 1_040) == .wait)
  }

  @Test("Nobody waits for a runner to be started again")
  func restart() {
    var trust = trust
    #expect(admit(&trust, after: 0, isRunning: false) == .probe)
    #expect(admit(&trust, after: 1, isIdle: false, isRunning: false) == .pass)
    trust.returned(after: .milliseconds(200))
    #expect(admit(&trust, after: 201) == .probe)
    trust.returned(after: .milliseconds(1))
    #expect(admit(&trust, after: 203) == .wait)
  }

  @Test("Whatever a plugin does in turn, at most a two-hundredth of the time is waited in vain")
  func share() {
    var trust = trust
    var now = 0
    var vain = 0
    // It is late whenever somebody waits, and in time whenever nobody does: the worst it can do.
    while now < 600_000 {
      switch admit(&trust, after: now) {
      case .wait:
        now += 20
        vain += 20
        trust.overran(at: start + .milliseconds(now), waited: Self.window)
        trust.returned(after: .milliseconds(21))
      case .probe: trust.returned(after: .milliseconds(1))
      case .pass: break
      }
      now += 1
    }
    #expect(vain <= 600_000 / 200 + 40)
    #expect(vain > 2_900, "and nobody is punished beyond that")
  }

  @Test("An overrun releases whoever waits behind it, and a probe is not waited for")
  func gate() {
    let gate = IntakeGate(plugin: "p", window: .milliseconds(50))
    defer { gate.close() }
    let (asked, back, released) = (
      DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
    )
    Thread.detachNewThread {
      asked.wait()
      let outcome = gate.run(until: .now + .seconds(600), isRunning: true) { .said([]) }
      if case .late = outcome { released.signal() }
    }
    let first = gate.run(until: .now + .milliseconds(200), isRunning: true) {
      asked.signal()
      back.wait()
      return .said([])
    }
    guard case .late = first else { return #expect(Bool(false), "\(first)") }
    // The other one may come before or after the first gave up: it waits for neither.
    #expect(released.wait(timeout: .now() + 60) == .success)
    back.signal()
    // Nobody waits for the first message it is shown when it is back.
    let (shown, open) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let began = ContinuousClock.now
    repeat {
      let outcome = gate.run(until: .now + .seconds(60), isRunning: true) {
        shown.signal()
        open.wait()
        return .said([])
      }
      guard case .late = outcome else { return #expect(Bool(false), "\(outcome)") }
    } while shown.wait(timeout: .now() + .milliseconds(1)) == .timedOut
    #expect(ContinuousClock.now - began < .seconds(30))
    open.signal()
    while true {
      let outcome = gate.run(until: .now + .seconds(60), isRunning: true) { .said([]) }
      if case .said = outcome { break }
    }
  }
}
