import PluginKit
import PluginTestKit
import Testing

@testable import Views

/// The same plugin on the real runtime and store.
struct ViewsOnStoreTests {
  private let visit: TestValue = [
    "begin_session": 1,
    "events": [["key": "[CLY]_view", "segmentation": ["name": "Home", "visit": 1]]],
  ]

  @Test("A view is counted, committed and answered")
  func answered() throws {
    let host = try TestHost(TestPlugin(name: "views") { tallyPluginViews() })
    try host.accept(TestItem(visit), TestItem(["end_session": 1], seconds: 30))
    let answer = try host.ask(["method": "views", "action": "get_view_count"])
    #expect(answer.status == 200)
    #expect(answer.body == #"{"result":1}"#)
    #expect(host.refusals == [])
  }

  @Test("Batches may be cut anywhere, and the server may restart between any two")
  func cuts() throws {
    let end: TestValue = ["end_session": 1]
    let items: [TestItem] = (0..<12).map { place in
      let user = UInt64(place % 3 + 1)
      return TestItem(place % 4 == 3 ? end : visit, user: user, seconds: Double(place * 60))
    }
    let whole = try TestHost(TestPlugin(name: "views") { tallyPluginViews() })
    try whole.accept(items)
    let cut = try TestHost(TestPlugin(name: "views") { tallyPluginViews() })
    for item in items {
      try cut.accept(item)
      try cut.restart()
    }
    #expect(try whole.contents() == cut.contents())
    #expect(try whole.contents().contains { $0.hasPrefix("cell views ") })
  }
}
