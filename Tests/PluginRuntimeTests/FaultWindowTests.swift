import Testing

@testable import PluginRuntime

@Suite("Faults of isolated plugins")
struct FaultWindowTests {
  private let start = ContinuousClock.now

  @Test("Three faults within five minutes are too many, three within six are not")
  func faults() {
    var window = FaultWindow()
    #expect(window.fault(at: start) == false)
    #expect(window.fault(at: start + .seconds(299)) == false)
    #expect(window.fault(at: start + .seconds(300)) == false)
    #expect(window.fault(at: start + .seconds(301)) == true)
  }

  @Test("A runner rests twice as long after each death, at most a second, and anew after a while")
  func rests() {
    var window = FaultWindow()
    let rests = (0..<9).map { _ in window.death(at: start) }
    #expect(
      rests == [10, 20, 40, 80, 160, 320, 640, 1_000, 1_000].map { Duration.milliseconds($0) })
    #expect(window.death(at: start + .seconds(300)) == .milliseconds(10))
  }
}
