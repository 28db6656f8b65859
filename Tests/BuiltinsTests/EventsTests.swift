import FakeHost
import PluginKit
import Testing

@testable import Builtins

struct EventsTests {
  private func host(_ settings: [String: String] = [:]) -> FakeHost {
    let host = FakeHost()
    #expect(host.start(tallyPluginEvents(), settings: settings) == nil)
    return host
  }

  private func event(_ key: String, _ segments: Value = nil, count: Int64 = 1) -> Value {
    ["key": .string(key), "count": .int(count), "segmentation": segments]
  }

  @Test("Counts, sums and durations, in total and per value")
  func counting() {
    let host = host()
    host.accept(
      FakeItem([
        "events": [
          ["key": "buy", "count": 2, "sum": 19.98, "segmentation": ["currency": "EUR"]],
          ["key": "buy", "dur": 1.5, "segmentation": ["currency": "USD", "size": 50]],
        ]
      ]))
    #expect(host.total("events", subject: "buy") == ["c": 3, "s": 1_998_000, "dur": 150_000])
    #expect(
      host.total("events", subject: "buy", dimension: "currency", value: "EUR")
        == ["c": 2, "s": 1_998_000])
    #expect(host.values("events", "size", subject: "buy", measure: "c") == ["50": 1])
    #expect(host.refusals.isEmpty)
  }

  @Test("Names and values of segments are made fit for documents")
  func cleaning() {
    let host = host()
    host.accept(
      FakeItem([
        "events": [
          event(
            "e",
            [
              "$a.b": "$x.y", "day": "31", "no": 32, "int": 1, "yes": true, "half": 2.5, "$": "x",
              "list": ["a"], "map": ["a": 1], "nothing": nil, "empty": "", "whole": 5.0,
            ])
        ]
      ]))
    func values(_ dimension: String) -> [String: Int64] {
      host.values("events", dimension, subject: "e", measure: "c")
    }
    #expect(values("ab") == ["x:y": 1])
    #expect(values("day") == ["[CLY]31": 1])
    #expect(values("no") == ["32": 1])
    #expect(values("int") == ["[CLY]1": 1])
    #expect(values("whole") == ["[CLY]5": 1])
    #expect(values("yes") == ["true": 1])
    #expect(values("half") == ["2:5": 1])
    for dimension in ["", "list", "map", "nothing", "empty"] where !dimension.isEmpty {
      #expect(values(dimension) == [:])
    }
    #expect(host.refusals.isEmpty)
  }

  @Test("Internal events count only where they are registered")
  func internalEvents() {
    let host = host()
    host.accept(
      FakeItem([
        "events": [
          event("[CLY]_view"), event("[CLY]_action"), event("[CLY]_star_rating"),
          event("[CLY]_push_sent"), event("[CLY]_push_action"), event("own"),
        ]
      ]))
    #expect(host.total("events", subject: "[CLY]_view") == [:])
    #expect(host.total("events", subject: "[CLY]_action") == [:])
    #expect(host.total("events", subject: "[CLY]_star_rating") == ["c": 1])
    #expect(host.total("events", subject: "own") == ["c": 1])
  }

  @Test("One event cannot bring more segments than the limit")
  func segmentLimit() {
    let host = host(["event_segments_max": "2"])
    host.accept(FakeItem(["events": [event("e", ["a": "x", "b": "x", "c": "x"])]]))
    #expect(host.values("events", "b", subject: "e", measure: "c") == ["x": 1])
    #expect(host.values("events", "c", subject: "e", measure: "c") == [:])
  }

  @Test("The registry lists events and segments, and always the limits")
  func registry() {
    let host = host()
    let limits =
      #""limits":{"event_limit":500,"event_segmentation_limit":100,"event_segmentation_value_limit":1000}}"#
    #expect(host.ask(["method": "get_events"]).body == "{" + limits)
    host.accept(FakeItem(["events": [event("b"), event("[CLY]_star_rating", ["rating": 5])]]))
    let plain = #"{"_id":"665b00000000000000000001","list":["b"],"#
    #expect(host.ask(["method": "get_events"]).body == plain + limits)
    host.accept(FakeItem(["events": [event("a\"", ["currency": "EUR", "size": 1])]]))
    #expect(
      host.ask(["method": "get_events"]).body
        == #"{"_id":"665b00000000000000000001","list":["b","a\""],"#
        + #""segments":{"a\"":["currency","size"]},"# + limits)
  }

  @Test("A question names one event, several, or none")
  func answers() {
    let host = host()
    #expect(host.ask(["method": "events"]).body == "{}")
    host.accept(
      FakeItem([
        "events": [event("b"), event("a", ["x": "y"], count: 4), event("[CLY]_push_sent")]
      ]))
    func ask(_ parameters: [String: String]) -> String {
      host.ask(parameters.merging(["method": "events"]) { first, _ in first }).body
    }
    #expect(ask([:]) == #"{"events/a/":{"c":4}}"#)
    #expect(ask(["event": "b"]) == #"{"events/b/":{"c":1}}"#)
    #expect(ask(["event": "a", "segmentation": "x"]).hasPrefix(#"{"events/a/x""#))
    #expect(ask(["events": #"["b"]"#]) == #"{"events/b/":{"c":1}}"#)
    #expect(ask(["events": #"["a", "b"]"#]) == #"{"events/a+b/":{"c":5}}"#)
    #expect(ask(["event": "c"]) == "{}")
    #expect(ask(["events": "[]"]) == "{}")
    #expect(host.ask(["method": "events", "events": "nonsense"]).status == 400)
  }

  @Test(
    "A list of strings is read as JSON says",
    arguments: [
      ("[]", []), (" [ \"a\" , \"b\" ] ", ["a", "b"]),
      (#"["\"\\\/\n\t\u00e9\ud83d\ude00\ud83d"]"#, ["\"\\/\n\té😀\u{FFFD}"]),
      ("[\"a\"", nil), ("[1]", nil), ("[\"a\",]", nil), ("[\"a\"]x", nil), ("", nil),
      (#"["\x"]"#, nil), ("[\"a", nil),
    ] as [(String, [String]?)])
  func list(text: String, expected: [String]?) {
    Text.with(text) { #expect(JSONStrings.parse($0) == expected) }
  }
}
