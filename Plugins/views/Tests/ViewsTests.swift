import FakeHost
import PluginABI
import PluginKit
import Testing

@testable import Builtins
@testable import Views

struct ViewsTests {
  private func visit(_ name: String, start: Value = nil, platform: String = "Android") -> Value {
    [
      "key": "[CLY]_view",
      "segmentation": [
        "name": .string(name), "visit": "1", "start": start, "segment": .string(platform),
      ],
    ]
  }

  private func seconds(_ name: String, _ seconds: Double) -> Value {
    ["key": "[CLY]_view", "dur": .double(seconds), "segmentation": ["name": .string(name)]]
  }

  private func total(
    _ host: FakeHost, _ name: String, grain: UInt32 = TALLY_GRAIN_DAY
  ) -> [String: Int64] {
    host.total("views", subject: subject(of: name), grain: grain)
  }

  private let begin: Value = ["begin_session": "1"]
  private let end: Value = ["end_session": "1"]

  @Test("Visits, users, starts and seconds of a view")
  func counting() {
    let host = viewsHost()
    host.accept(
      FakeItem(["begin_session": "1", "events": [visit("Home", start: 1), visit("Cart")]]),
      FakeItem(["events": [seconds("Home", 12.5), visit("Home")]], seconds: 20),
      FakeItem(["begin_session": 1, "events": [visit("Home", start: "1")]], user: 2))
    #expect(
      total(host, "Home") == ["t": 3, "n": 2, "u": 2, "s": 2, "d": 1_250_000, "uvc": 2])
    #expect(total(host, "Cart") == ["t": 1, "n": 1, "u": 1, "uvc": 1])
    #expect(total(host, "Home", grain: TALLY_GRAIN_ISO_WEEK) == ["u": 2])
    #expect(host.refusals.isEmpty)
  }

  @Test("A user is new to views in the first session only, and once per view")
  func newUsers() {
    let host = viewsHost()
    host.accept(FakeItem(["begin_session": "1", "events": [visit("A"), visit("A")]]))
    host.accept(FakeItem(end, seconds: 5))
    host.accept(
      FakeItem(["begin_session": "1", "events": [visit("A"), visit("B")]], seconds: 100))
    #expect(total(host, "A") == ["t": 3, "n": 1, "u": 1, "e": 1, "uvc": 2])
    #expect(total(host, "B") == ["t": 1, "u": 1, "uvc": 1])
  }

  @Test("The last view of a session is its exit, the only one a bounce")
  func exits() {
    let host = viewsHost()
    host.accept(
      FakeItem(["begin_session": "1", "events": [visit("A"), visit("B")]]),
      FakeItem(end, seconds: 10),
      FakeItem(["begin_session": "1", "events": [visit("C")]], user: 2),
      FakeItem(end, user: 2, seconds: 10), FakeItem(begin, user: 3),
      FakeItem(end, user: 3, seconds: 10))
    #expect(total(host, "A")["e"] == nil)
    #expect(total(host, "B") == ["t": 1, "n": 1, "u": 1, "e": 1, "uvc": 1])
    #expect(total(host, "C") == ["t": 1, "n": 1, "u": 1, "e": 1, "b": 1, "uvc": 1])
  }

  @Test("A session left open exits when the next one begins, before its views")
  func leftOpen() {
    let host = viewsHost()
    host.accept(FakeItem(["begin_session": "1", "events": [visit("A")]]))
    host.accept(FakeItem(["begin_session": "1", "events": [visit("B")]], seconds: 1_000))
    #expect(total(host, "A")["e"] == 1)
    #expect(total(host, "A")["b"] == 1)
    #expect(total(host, "B")["e"] == nil)
  }

  @Test("A session that goes on takes its exit and bounce back")
  func extended() {
    let host = viewsHost()
    host.accept(FakeItem(["begin_session": "1", "events": [visit("A")]]))
    host.accept(FakeItem(end, seconds: 10))
    #expect(total(host, "A")["b"] == 1)
    host.accept(FakeItem(["begin_session": "1", "events": [visit("B")]], seconds: 15))
    #expect(total(host, "A") == ["t": 1, "n": 1, "u": 1, "uvc": 1])
    host.accept(FakeItem(end, seconds: 100))
    #expect(total(host, "A") == ["t": 1, "n": 1, "u": 1, "uvc": 1])
    #expect(total(host, "B") == ["t": 1, "n": 1, "u": 1, "e": 1, "uvc": 1])
    let platform = host.store.counters.filter {
      $0.key.series.dimension == "platform" && $0.key.grain == TALLY_GRAIN_DAY
    }
    #expect(platform.values.reduce(0) { $0 + ($1["e"] ?? 0) } == 1)
    #expect(platform.values.reduce(0) { $0 + ($1["b"] ?? 0) } == 0)
  }

  @Test("Views without a name, other events and stray durations count nothing")
  func ignored() {
    let host = viewsHost()
    host.accept(
      FakeItem([
        "events": [
          ["key": "[CLY]_view", "segmentation": ["visit": 1]], ["key": "[CLY]_action"],
          seconds("A", 1_717_243_200), seconds("A", -5),
        ]
      ]))
    #expect(host.store.counters.isEmpty)
  }

  @Test("Seconds may stand in the segmentation")
  func segmentedSeconds() {
    let host = viewsHost()
    host.accept(
      FakeItem([
        "events": [
          ["key": "[CLY]_view", "segmentation": ["name": "A", "dur": 3]],
          ["key": "[CLY]_view", "segmentation": ["name": "A", "dur": "4"]],
        ]
      ]))
    #expect(total(host, "A") == ["d": 700_000])
  }

  @Test("The table joins names and counters, sorts, searches and pages")
  func table() {
    let host = viewsHost()
    host.accept(
      FakeItem([
        "begin_session": "1", "events": [visit("Home"), seconds("Home", 10), visit("Cart")],
      ]),
      FakeItem(["events": [visit("Cart")]], seconds: 1), FakeItem(end, seconds: 2))
    func ask(_ parameters: [String: String]) -> String {
      host.ask(
        parameters.merging(["method": "views", "action": "getTable"]) { first, _ in first }
      ).body
    }
    let all = ask(["sEcho": "3"])
    #expect(all.hasPrefix(#"{"sEcho":"3","iTotalRecords":2,"iTotalDisplayRecords":2,"aaData":["#))
    #expect(
      all.contains(
        #""view":"Cart","display":"Cart","url":"","t":2,"n":1,"u":1,"s":0,"d":0,"e":1,"b":0,"uvc":1,"br":0,"scr":0}"#
      ))
    #expect(all.contains(#""t":1,"n":1,"u":1,"s":0,"d":10,"e":0"#))
    let first = ask(["iSortCol_0": "0", "sSortDir_0": "desc", "iDisplayLength": "1"])
    #expect(first.contains("Home") && !first.contains("Cart"))
    let found = ask(["sSearch": "hOM"])
    #expect(found.contains(#""iTotalRecords":2,"iTotalDisplayRecords":1"#))
    #expect(found.contains("Home") && !found.contains("Cart"))
  }

  @Test("Counts, totals, names, segments and graphs")
  func answers() {
    let host = viewsHost()
    func ask(_ action: String, _ more: [String: String] = [:]) -> String {
      host.ask(more.merging(["method": "views", "action": action]) { first, _ in first }).body
    }
    #expect(ask("get_view_count") == #"{"result":0}"#)
    host.accept(
      FakeItem(["begin_session": "1", "events": [visit("A", start: true), visit("B")]]))
    #expect(ask("get_view_count") == #"{"result":2}"#)
    #expect(ask("getTotals") == #"{"_id":null,"t":2,"s":1,"b":0,"uvc":2}"#)
    let names = ask("getTableNames")
    #expect(names.contains(#""view":"A","display":"A"}"#))
    #expect(ask("listNames") == names)
    #expect(
      host.ask(["method": "get_view_segments"]).body
        == #"{"segments":{"platform":["Android"]},"domains":[]}"#)
    let id = String(ViewReader.id(of: "A"), radix: 16)
    let graph = host.ask([
      "method": "views", "selectedViews": #"[{"view":"\#(id)","action":"t"}]"#,
    ]).body
    #expect(
      graph == #"{"appID":"665b00000000000000000001","data":{"\#(id)":{"no-segment":"#
        + #"{"views/\#(id)/":{"n":1,"s":1,"t":1,"u":1,"uvc":1}}},"\#(id)_name":"A"}}"#)
    #expect(host.ask(["method": "views", "action": "nonsense"]).status == 400)
  }

  @Test("The newest address of a view is kept")
  func address() {
    func visit(_ url: Value) -> Value {
      ["key": "[CLY]_view", "segmentation": ["name": "A", "visit": 1, "view": url]]
    }
    let host = viewsHost()
    host.accept(FakeItem(["events": [visit(nil)]]), FakeItem(["events": [visit("/a")]], user: 2))
    host.accept(FakeItem(["events": [visit(nil)]], user: 3))
    let body = host.ask(["method": "views", "action": "getTable"]).body
    #expect(body.contains(#""url":"/a""#))
  }
}
