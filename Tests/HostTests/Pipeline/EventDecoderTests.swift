import PluginABI
import Store
import Testing

@testable import Host

@Suite("Events")
struct EventDecoderTests {
  private typealias Bench = DecodeBench

  @Test("An event's numbers are made sense of, as numbers and as text")
  func numbers() throws {
    let decoded = Bench.events(
      #"[{"key":"buy","count":2,"sum":19.98,"dur":1.5,"segmentation":{"a":1}},"#
        + #"{"key":"buy","count":"3","sum":" 0.5 ","dur":"2"},{"key":"plain"}]"#)
    try #require(decoded.events.count == 3)
    let (first, second, third) = (decoded.events[0], decoded.events[1], decoded.events[2])
    #expect((first.count, first.sum, first.dur) == (2, 1_998_000, 150_000))
    #expect((second.count, second.sum, second.dur) == (3, 50_000, 200_000))
    #expect((third.count, third.sum, third.dur) == (1, 0, 0))
    #expect(decoded.events.map(\.flags) == [3, 3, 0])
    #expect(decoded.keys == ["buy", "buy", "plain"])
    let segmentation = tally_batch_node(decoded.view.batch, first.segmentation)
    #expect(decoded.view.value(try #require(segmentation)) == .members([("a", .int(1))]))
    #expect([second.segmentation, third.segmentation] == [0, 0])
    #expect((decoded.item.first_event, decoded.item.n_events) == (0, 3))
    #expect(decoded.view.faults == [])
  }

  @Test(
    "What is no number leaves the default",
    arguments: [#""""#, "null", "true", "[1]", "{}", #""1_000""#, #""NaN""#, #""٣""#])
  func noNumbers(_ json: String) {
    let event = Bench.events(#"[{"key":"k","count":\#(json),"sum":\#(json),"dur":\#(json)}]"#)
      .events
    #expect(event.map(\.count) == [1])
    #expect(event.map(\.flags) == [0])
  }

  @Test(
    "Huge numbers saturate, as numbers and as text",
    arguments: ["123456789012345678901", "1e400", #""1e400""#, #""999999999999999999999""#])
  func hugeNumbers(_ json: String) {
    let event = Bench.events(#"[{"key":"k","count":\#(json),"sum":-1e300,"dur":\#(json)}]"#).events
    #expect(event.map(\.count) == [1 << 53])
    #expect(event.map(\.sum) == [.min])
    #expect(event.map(\.dur) == [.max])
  }

  @Test(
    "Keys are cleaned",
    arguments: [
      ("a", "a"), ("system.a", "a"), ("system.system.a", "system.a"), ("a.system.b", "a.system.b"),
      ("a..b", "ab"), ("a.b", "a.b"), ("a...b", "a.b"), ("a....b", "ab"), ("$a$b$", "ab"),
      ("[CLY]_view", "[CLY]_view"), ("$[CLY]_view", "[CLY]_view"), (" a ", " a "), ("ключ", "ключ"),
    ])
  func cleaning(_ sent: String, _ kept: String) {
    let decoded = Bench.events(#"[{"key":"\#(sent)"}]"#)
    #expect(decoded.keys == [kept])
    #expect((decoded.events[0].flags & TALLY_EVENT_INTERNAL != 0) == kept.hasPrefix("[CLY]_"))
    #expect(decoded.view.faults == [])
  }

  @Test(
    "A key that is no text is its JSON text",
    arguments: [
      ("7", "7"), ("-1.5", "-1.5"), ("1.0", "1"), ("true", "true"), ("false", "false"),
      (#"["a",1,null]"#, #"["a",1,null]"#),
      (#"{"a":{"b":"\"\n\u0001"}}"#, #"{"a":{"b":"\"\n\u0001"}}"#),
      ("[]", "[]"), ("[[],{}]", "[[],{}]"),
    ])
  func otherKeys(_ json: String, _ kept: String) {
    #expect(Bench.events(#"[{"key":\#(json)}]"#).keys == [kept])
  }

  @Test("Events without a key are left out and counted")
  func missingKeys() {
    let decoded = Bench.events(
      #"[{},{"key":null},{"key":""},{"key":"$"},{"key":"system."},{"key":".."},{"key":"k"}]"#)
    #expect(decoded.keys == ["k"])
    #expect(decoded.bench.counters.eventsWithoutKey.count == 6)
  }

  @Test("A key of 128 UTF-16 units is too long, and counted")
  func longKeys() {
    func kept(_ key: String) -> Bool {
      let decoded = Bench.events(#"[{"key":"\#(key)"}]"#)
      #expect(decoded.bench.counters.eventsKeyTooLong.count == (decoded.keys.isEmpty ? 1 : 0))
      return decoded.keys.count == 1
    }
    #expect(kept(String(repeating: "a", count: 127)))
    #expect(!kept(String(repeating: "a", count: 128)))
    #expect(kept(String(repeating: "é", count: 127)))
    #expect(!kept(String(repeating: "é", count: 128)))
    #expect(kept(String(repeating: "😀", count: 63)))
    #expect(!kept(String(repeating: "😀", count: 64)))
    #expect(kept("$" + String(repeating: "a", count: 127)))
    #expect(!kept(String(repeating: "$", count: 5_000) + "a"))
  }

  @Test("A JSON key too long to be one is not written out")
  func longJSONKeys() {
    let list = Array(repeating: "1", count: 10_000).joined(separator: ",")
    let decoded = Bench.events(
      "[{\"key\":[\(list)]},{\"key\":[\"\(String(repeating: "x", count: 9_000))\"]}]")
    #expect(decoded.events.isEmpty)
    #expect(decoded.bench.counters.eventsKeyTooLong.count == 2)
  }

  @Test("Entries that are no object are left out and counted; a list that is none holds nothing")
  func notObjects() {
    let decoded = Bench.events(#"[1,"a",null,[{"key":"inner"}],{"key":"k"}]"#)
    #expect(decoded.keys == ["k"])
    #expect(decoded.bench.counters.eventsInvalid.count == 4)
    #expect(Bench.events(#"{"key":"k"}"#).events.isEmpty)
    #expect(Bench.events(#"not json"#).events.isEmpty)
    #expect(Bench.events(#"[{"key":"k"}"#).events.isEmpty)
  }

  @Test("An event has its own time, judged as the item's")
  func times() throws {
    let cairo = try LocalCalendar(identifier: "Africa/Cairo")
    let bench = Bench()
    bench.begin()
    let json =
      #"[{"key":"own","timestamp":1717239600123},{"key":"text","timestamp":"1717239600"},"#
      + #"{"key":"item"},{"key":"none","timestamp":12},{"key":"late","timestamp":9999999999999},"#
      + #"{"key":"old","timestamp":1000000000}]"#
    bench.append(
      [("timestamp", Array("1717243200123".utf8)), ("events", Array(json.utf8))], calendar: cairo)
    let events = bench.finish().events
    let edge = Bench.receivedMs - 14 * 31 * 86_400_000
    #expect(
      events.map(\.timestamp_ms) == [
        1_717_239_600_123, 1_717_239_600_000, 1_717_243_200_123, 1_717_243_200_123,
        Bench.receivedMs,
        edge,
      ])
    #expect(events.map(\.hour) == events.map { cairo.hour(ofMs: $0.timestamp_ms) })
    #expect(bench.counters.timesFromFuture.count == 1)
    #expect(bench.counters.timesFromPast.count == 1)
    #expect(bench.counters.timesFromNowhere.count == 1)
  }

  @Test("Whatever is sent as a time and is none is counted as such, once each")
  func unreadable() {
    let bench = Bench()
    bench.begin()
    let json =
      #"[{"key":"a","timestamp":"soon"},{"key":"b","timestamp":""},{"key":"c","timestamp":null},"#
      + #"{"key":"d","timestamp":[1717239600]},{"key":"e","timestamp":-1},{"key":"f"}]"#
    bench.append(
      [("timestamp", Array("later".utf8)), ("events", Array(json.utf8))], calendar: .utc)
    let events = bench.finish().events
    #expect(events.map(\.timestamp_ms) == Array(repeating: Bench.receivedMs, count: 6))
    let clamped = events.map { $0.flags & TALLY_EVENT_CLAMPED != 0 }
    #expect(clamped == [true, true, true, true, true, false])
    #expect(bench.counters.timesFromNowhere.count == 6)
    #expect(bench.counters.timesFromFuture.count + bench.counters.timesFromPast.count == 0)
  }

  @Test("Of equal members the last counts")
  func duplicates() {
    let events = Bench.events(#"[{"key":"a","count":1,"key":"b","count":5}]"#)
    #expect(events.keys == ["b"])
    #expect(events.events.map(\.count) == [5])
  }

  @Test("Events beyond the limit of an item are counted")
  func limit() {
    let max = Int(EventDecoder.eventsPerItemMax)
    let json = "[" + Array(repeating: #"{"key":"k"}"#, count: max + 3).joined(separator: ",") + "]"
    let decoded = Bench.events(json)
    #expect(decoded.events.count == max)
    #expect(decoded.bench.counters.eventsOverLimit.count == 3)
  }
}
