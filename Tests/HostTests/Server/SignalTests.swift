import Foundation
import Testing

@testable import Host

@Suite("Signals") struct SignalTests {
  @Test("From the moment they are heard none is lost")
  func hears() async {
    for _ in 0..<100 {
      let signals = await Signals.hear([SIGUSR1, SIGUSR2])
      kill(getpid(), SIGUSR2)
      #expect(await signals.first { _ in true } == SIGUSR2)
    }
  }
}
