import FakeHost
import PluginABI
import PluginKit
import Testing

@testable import Builtins
@testable import Views

@Suite("How many sessions see a view, and how much of it") struct ReachTests {
  private func visit(_ name: String) -> Value {
    ["key": "[CLY]_view", "segmentation": ["name": .string(name), "visit": 1]]
  }

  private func scroll(_ view: String, _ bottom: Value, _ height: Value) -> Value {
    [
      "key": "[CLY]_action",
      "segmentation": ["type": "scroll", "view": .string(view), "y": bottom, "height": height],
    ]
  }

  private func total(
    _ host: FakeHost, _ name: String, of metric: String = "views"
  ) -> [String: Int64] {
    host.total(metric, subject: subject(of: name), grain: TALLY_GRAIN_DAY)
  }

  private func scrolled(_ host: FakeHost, _ name: String) -> Int64? {
    total(host, name, of: "scrolls")["scr"]
  }

  private let begin: Value = ["begin_session": "1"]
  private let end: Value = ["end_session": "1"]

  @Test("A session counts once for each view it sees, and the next one again")
  func sessions() {
    let host = viewsHost()
    host.accept(
      FakeItem(["begin_session": "1", "events": [visit("A"), visit("B"), visit("A")]]))
    host.accept(FakeItem(["events": [visit("B")]], seconds: 5))
    host.accept(FakeItem(["end_session": "1", "events": [visit("A")]], seconds: 9))
    #expect(total(host, "A")["uvc"] == 1)
    #expect(total(host, "B")["uvc"] == 1)
    host.accept(FakeItem(["begin_session": "1", "events": [visit("A")]], seconds: 500))
    #expect(total(host, "A")["uvc"] == 2)
    #expect(total(host, "B")["uvc"] == 1)
    #expect(host.refusals.isEmpty)
  }

  @Test("A session that goes on has seen what it saw; views outside of sessions are of none")
  func extendedAndNone() {
    let host = viewsHost()
    host.accept(FakeItem(["begin_session": "1", "events": [visit("A")]]))
    host.accept(FakeItem(end, seconds: 10))
    host.accept(FakeItem(["begin_session": "1", "events": [visit("A")]], seconds: 15))
    #expect(total(host, "A")["uvc"] == 1)
    host.accept(FakeItem(["events": [visit("A")]], user: 2))
    #expect(total(host, "A") == ["t": 3, "n": 1, "u": 2, "uvc": 1])
  }

  @Test("Beyond the views that are told apart, no session is counted")
  func limit() {
    let host = viewsHost()
    let names = (0...SessionViews.idsMax).map { "view \($0)" }
    host.accept(FakeItem(["begin_session": "1", "events": .array(names.map(visit))]))
    #expect(total(host, names[SessionViews.idsMax - 1])["uvc"] == 1)
    #expect(total(host, names[SessionViews.idsMax])["uvc"] == nil)
    #expect(total(host, names[SessionViews.idsMax])["t"] == 1)
  }

  @Test("A scroll counts for the view it names, else for the one seen last")
  func scrolls() {
    let host = viewsHost()
    host.accept(
      FakeItem([
        "begin_session": "1",
        "events": [
          visit("/a"), scroll("/a", 250, 1_000), visit("Cart"), scroll("/a", "50", "100"),
          scroll("/cart.html", 1, 3), scroll("/cart.html", 500, 100),
        ],
      ]))
    #expect(scrolled(host, "/a") == 7_500_000)
    #expect(scrolled(host, "Cart") == 13_333_333)
    #expect(scrolled(host, "/cart.html") == nil)
    let table = host.ask(["method": "views", "action": "getTable"]).body
    #expect(table.contains(#""uvc":1,"br":0,"scr":75}"#))
    #expect(table.contains(#""uvc":1,"br":0,"scr":133.33}"#))
  }

  @Test("Clicks, pages without a height and scrolls outside of sessions count nothing")
  func noScrolls() {
    let host = viewsHost()
    host.accept(
      FakeItem([
        "begin_session": "1",
        "events": [
          visit("A"), scroll("A", 5, 0), scroll("A", -5, 10), scroll("A", "x", nil),
          ["key": "[CLY]_action", "segmentation": ["type": "click", "y": 1, "height": 2]],
        ],
      ]))
    host.accept(FakeItem(["events": [visit("A"), scroll("A", 1, 2)]], user: 2))
    #expect(scrolled(host, "A") == nil)
  }
}
