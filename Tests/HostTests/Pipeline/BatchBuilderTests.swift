import PluginABI
import Store
import Testing

@testable import Host

@Suite("Batches")
struct BatchBuilderTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test("A parameter is text, unless it is JSON text")
  func parameters() {
    let decoded = DecodeBench.batch([
      ("begin_session", "1"), ("metrics", #"{"_os":"Android","_n":1}"#), ("tags", #"["a"]"#),
      ("note", "{not json"), ("title", "[draft]"), ("empty", ""), ("metrics", "[]"),
    ])
    #expect(
      decoded.root
        == .members([
          ("begin_session", .text("1")),
          ("metrics", .members([("_os", .text("Android")), ("_n", .int(1))])),
          ("tags", .array([.text("a")])), ("note", .text("{not json")), ("title", .text("[draft]")),
          ("empty", .text("")), ("metrics", .array([])),
        ]))
    #expect(decoded.view.faults == [])
    #expect(decoded.bench.counters.jsonInvalid.count == 2)
  }

  @Test(
    "A parameter kept as JSON text is any JSON value, and text inside it that is JSON is parsed too"
  )
  func jsonParameters() {
    let decoded = DecodeBench.batch(
      [
        ("a", "7"), ("b", #""x""#), ("c", #""{\"d\":[1]}""#), ("e", #"{"f":"[1]"}"#), ("g", "oops"),
        ("h", #""[oops""#),
      ], json: ["a", "b", "c", "e", "g", "h"])
    #expect(
      decoded.root
        == .members([
          ("a", .int(7)), ("b", .text("x")), ("c", .members([("d", .array([.int(1)]))])),
          ("e", .members([("f", .text("[1]"))])), ("g", .text("oops")), ("h", .text("[oops")),
        ]))
    #expect(decoded.view.faults == [])
  }

  @Test(
    "The members of an object are the parameters; JSON text among them is parsed, deeper it is not")
  func objects() {
    let bench = DecodeBench()
    bench.begin()
    bench.append(
      object: bytes(
        #"{"timestamp":1717243200123,"events":"[{\"key\":\"k\",\"count\":2}]","#
          + #""crash":{"log":"[1]"},"x":"[1"}"#))
    let view = bench.finish()
    #expect(
      view.root(0)
        == .members([
          ("timestamp", .int(1_717_243_200_123)),
          ("events", .array([.members([("key", .text("k")), ("count", .int(2))])])),
          ("crash", .members([("log", .text("[1]"))])), ("x", .text("[1")),
        ]))
    #expect(view.events.map(\.count) == [2])
    #expect(view.item(0).timestamp_ms == 1_717_243_200_123)
    #expect(view.faults == [])
  }

  @Test(
    "An object that is none leaves an item without parameters",
    arguments: ["", "[1]", "{", "7", "{]"])
  func brokenObjects(_ text: String) {
    let bench = DecodeBench()
    bench.begin()
    bench.append(object: bytes(text))
    let view = bench.finish()
    #expect(view.root(0) == .object([]))
    #expect(view.item(0).timestamp_ms == DecodeBench.receivedMs)
    #expect(view.faults == [])
    #expect(bench.counters.jsonInvalid.count == 1)
  }

  @Test("An item carries what the entry and the caller know of it")
  func items() throws {
    let bench = DecodeBench()
    bench.begin()
    bench.append([("timestamp", bytes("1717243200.123"))])
    bench.append([("timestamp", bytes("9999999999"))])
    let view = bench.finish()
    #expect((view.header.first_item, view.header.end_item) == (0, 2))
    let (first, second) = (view.item(0), view.item(1))
    #expect((first.position, first.hash, first.user, first.app) == (11, 7, 5, 1))
    #expect((first.index, first.user_index, first.flags) == (0, 0, TALLY_ITEM_NEW_USER))
    #expect((second.index, second.user_index) == (1, 1))
    #expect(second.flags == TALLY_ITEM_BULK | TALLY_ITEM_CLAMPED)
    #expect(view.text(first.device_off, first.device_len) == "device")
    #expect((first.country_len, first.city_len) == (0, 0))
    #expect(first.timestamp_ms == 1_717_243_200_123)
    #expect(first.hour == LocalCalendar.utc.hour(ofMs: 1_717_243_200_123))
    #expect(second.timestamp_ms == DecodeBench.receivedMs)
    #expect(bench.counters.timesFromFuture.count == 1)
    #expect(view.faults == [])
  }

  @Test("Node 0 is null, and an empty batch is whole")
  func empty() {
    let bench = DecodeBench()
    bench.begin()
    let view = bench.finish()
    #expect(view.header.end_item == 0)
    #expect(view.header.n_nodes == 1)
    #expect(tally_batch_node(view.batch, 0).pointee.kind == UInt16(TALLY_NULL))
    #expect(view.faults == [])
  }

  @Test("An interned name has its id as index in every batch; others follow behind")
  func keys() {
    let bench = DecodeBench()
    let crash = bench.intern("crash")
    #expect(bench.intern("crash") == crash)
    for round in 0..<5 {
      bench.begin()
      bench.append([("other\(round)", bytes("1")), ("crash", bytes("{\"x\":{\"crash\":1}}"))])
      let late = bench.intern("late\(round)")
      bench.append([("late\(round)", bytes("1")), ("other\(round)", bytes("2"))])
      let view = bench.finish()
      #expect(view.key(crash) == bytes("crash"))
      let root = tally_batch_node(view.batch, view.item(0).root)
      let found = tally_member(view.batch, root, crash)
      #expect(found.map { view.value($0) } == .members([("x", .members([("crash", .int(1))]))]))
      #expect(
        view.root(1) == .members([("late\(round)", .text("1")), ("other\(round)", .text("2"))]))
      #expect(late == crash + 1 + UInt32(round))
      // A name that is interned meanwhile has its id from the next batch on.
      #expect(!bench.builder.contains(late))
      #expect(bench.builder.contains(crash))
      #expect(view.faults == [])
    }
    bench.begin()
    bench.append([("late3", bytes("1"))])
    let view = bench.finish()
    #expect(bench.builder.contains(crash + 4))
    #expect(!bench.builder.contains(crash))
    #expect(view.key(crash + 4) == bytes("late3"))
  }

  @Test("4 095 names can be interned and no more")
  func nameLimit() {
    let bench = DecodeBench()
    var ids: Set<UInt32> = []
    var next = 0
    while true {
      let id = bench.intern("name-\(next)")
      if id == 0 { break }
      ids.insert(id)
      next += 1
    }
    #expect(ids.max() == 4_095)
    #expect(bench.intern("key") == ids.min().map { $0 - 6 })
    bench.begin()
    bench.append((0..<900).map { ("name-\($0 * 4)", bytes("1")) })
    #expect(bench.finish().faults == [])
    #expect(bench.builder.contains(ids.min() ?? 0))
    #expect(bench.builder.contains(4_095) == false)
  }

  @Test("Many names in a batch are told apart, and the next batch has room again")
  func manyNames() {
    let bench = DecodeBench()
    for _ in 0..<2 {
      bench.begin()
      let json = "{" + (0..<100_000).map { "\"n\($0)\":\($0)" }.joined(separator: ",") + "}"
      bench.append([("v", bytes(json)), ("w", bytes(json))])
      let view = bench.finish()
      #expect(view.header.n_keys < 100_100)
      #expect(view.root(0).member("v") == view.root(0).member("w"))
      #expect(view.root(0).member("w")?.member("n99999") == .int(99_999))
    }
    bench.begin()
    bench.append([("v", bytes("{\"a\":1}"))])
    #expect(bench.finish().header.total_size < 2_000)
  }
}
