import FakeHost
import PluginKit
import Testing

struct PluginTests {
  @Test("A plugin of 34 lines counts and answers")
  func taps() {
    let host = FakeHost()
    #expect(host.start(tallyPluginTapsSwift()) == nil)
    host.accept(FakeItem(["taps": "buy"]), FakeItem(["taps": ""]), FakeItem(["taps": "sell"]))
    host.accept(FakeItem(["taps": "buy"], user: 2))
    #expect(host.values("taps", "button") == ["buy": 2, "sell": 1])
    #expect(host.ask(["method": "taps"]).body == #"{"taps//":{"t":3}}"#)
    #expect(host.refusals.isEmpty)
  }

  @Test("The table is the same at every call")
  func constantTable() {
    #expect(tallyPluginTapsSwift() == tallyPluginTapsSwift())
  }

  @Test("What a hook throws refuses the call, with its reason, and leaves no trace")
  func throwingHook() {
    let host = FakeHost()
    #expect(host.start(tallyPluginProbe()) == nil)
    host.accept(FakeItem(["probe": "count"]), FakeItem(["probe": "throw"]))
    #expect(host.refusals == ["probe: -5 three are too many"])
    #expect(host.total("probes") == [:])
    host.accept(FakeItem(["probe": "count"]))
    #expect(host.total("probes") == ["t": 1])
  }

  @Test("What an answer throws is a failure with its reason")
  func throwingAnswer() {
    let host = FakeHost()
    #expect(host.start(tallyPluginProbe()) == nil)
    let answer = host.ask(["method": "probe"])
    #expect(answer.status == 500)
    #expect(answer.body == "ask for a path")
  }

  @Test("Each collection folds its own payloads, however many there are")
  func collections() {
    let host = FakeHost()
    #expect(host.start(tallyPluginProbe(), settings: ["collections": "6"]) == nil)
    host.accept(FakeItem(["probe": "emit"]), FakeItem(["probe": "emit"], user: 2))
    host.accept(FakeItem(["probe": "emit"]))
    let answer = host.ask([:], path: "/o/probe")
    #expect(answer.body == #"["0:xxx","1:xxx","2:xxx","3:xxx","4:xxx","5:xxx"]"#)
  }

  @Test("A host without room for names refuses with the name")
  func internLimit() {
    let reason = FakeHost(internLimit: 0).start(tallyPluginTapsSwift())
    #expect(reason == "the host knows no more member names, \"taps\" did not fit")
  }

  @Test("Settings arrive typed")
  func settings() {
    let host = FakeHost()
    #expect(host.start(tallyPluginProbe(), settings: ["flag": "true", "text": "é"]) == nil)
    #expect(host.ask(["flag": "1"], path: "/o/probe").body == #""true é 0.5""#)
  }
}
