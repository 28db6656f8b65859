import TestThreads
import Testing

@testable import Host
@testable import PluginRuntime

/// Answers that no server may send.
@Suite(.serialized, .ownThread) struct AnswerTests {
  private func reply(_ stand: Stand, status: String) -> (Int, String) {
    stand.ask(["method": "worker", "do": "reply", "value": status])
  }

  @Test("A status is one that ends the exchange; any other is the plugin's failure")
  func statuses() throws {
    let stand = try Stand(worker)
    #expect(reply(stand, status: "200") == (200, "\"replied\""))
    #expect(reply(stand, status: "599") == (599, "\"replied\""))
    let counts = try #require(stand.core.runtime.instances.last?.counts)
    #expect((counts.reading.calls, counts.reading.errors) == (2, 0))
    for status in ["0", "100", "101", "199", "600", "1000", "4294967295", "-1"] {
      #expect(reply(stand, status: status) == (500, "{\"result\":\"Server error\"}"), "\(status)")
    }
    #expect((counts.reading.calls, counts.reading.errors) == (10, 8))
  }
}
