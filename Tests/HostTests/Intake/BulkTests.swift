import Testing

@testable import Host

@Suite("Bulk intake")
struct BulkTests {
  @Test("Each item is its own record, as sent; those without ids are skipped")
  func items() {
    let bench = IntakeBench()
    let admission = bench.bulk(
      #"[{"device_id":"a","timestamp":1,"events":[{"key":"x%20y"}]},{"x":1},7,{"device_id":"b"},"#
        + #"{"app_key":"other","device_id":"c"}]"#)
    #expect(admission.items.map(\.device) == ["a", "b"])
    #expect(
      admission.items.map(\.object) == [
        #"{"device_id":"a","timestamp":1,"events":[{"key":"x y"}]}"#, #"{"device_id":"b"}"#,
      ])
    #expect(admission.items[0].hash != 0)
    #expect(admission.items[1].hash == 0)
    #expect(bench.metrics.refusedItems(.missingIDs) == 2)
    #expect(bench.metrics.refusedItems(.unknownApp) == 1)
  }

  @Test("An item's own app key is used before the outer one")
  func appKeys() {
    let bench = IntakeBench([IntakeBench.app(), IntakeBench.app(number: 2, key: "second")])
    let admission = bench.bulk(#"[{"device_id":"a","app_key":"second"},{"device_id":"b"}]"#)
    #expect(admission.items.map(\.app) == [2, 1])
    let without = bench.bulk(
      #"[{"device_id":"a","app_key":"second"},{"device_id":"b"}]"#, outer: "")
    #expect(without.items.map(\.app) == [2])
  }

  @Test("The list may stand in a JSON body, as a list or as text")
  func jsonBodies() {
    func admission(_ body: String) -> Admission {
      IntakeBench().admit(
        Array("/i/bulk".utf8), body: Array(body.utf8), json: true, bulk: true)
    }
    let list = admission(
      #"{"app_key":"0f1e2d3c4b5a","requests":[{"device_id":"a"},{"device_id":"b"}]}"#)
    #expect(list.items.map(\.device) == ["a", "b"])
    let text = admission(
      #"{"app_key":"0f1e2d3c4b5a","requests":"[{\"device_id\":\"a\\u0062\"}]"}"#)
    #expect(text.items.map(\.device) == ["ab"])
    #expect(text.items.first?.object == #"{"device_id":"a\u0062"}"#)
  }

  @Test("A list in the query works as one in the body")
  func query() {
    let target = "/i/bulk?app_key=0f1e2d3c4b5a&requests=%5B%7B%22device_id%22%3A%22a%22%7D%5D"
    let admission = IntakeBench().admit(Array(target.utf8), body: nil, bulk: true)
    #expect(admission.items.map(\.device) == ["a"])
  }

  @Test(
    "Without a list there is a refusal",
    arguments: [
      ("", Refusal.requestsMissing), ("nonsense", .requestsMissing), ("[1", .requestsMissing),
      ("[1]]", .requestsMissing), (#"{"a":1}"#, .requestsInvalid), ("7", .requestsInvalid),
      (#""a""#, .requestsInvalid), ("null", .requestsInvalid),
    ])
  func noList(_ requests: String, _ refusal: Refusal) {
    #expect(IntakeBench().bulk(requests) == .refused(refusal))
  }

  @Test("An item nested too deeply costs itself alone", arguments: [64, 65, 66, 1_000, 100_000])
  func deepItem(_ levels: Int) {
    // The item itself is the first level.
    let open = String(repeating: #"[{"a":"#, count: (levels - 1) / 2)
    let close = String(repeating: "}]", count: (levels - 1) / 2)
    let value = levels % 2 == 0 ? "[\(open)1\(close)]" : "\(open)1\(close)"
    let list = #"[{"device_id":"a"},{"device_id":"deep","x":\#(value)},{"device_id":"b"}]"#
    let kept = levels == 64 ? ["a", "deep", "b"] : ["a", "b"]
    let form = IntakeBench()
    #expect(form.bulk(list).items.map(\.device) == kept)
    #expect(form.metrics.refusedItems(.tooDeep) == 3 - kept.count)
    let json = IntakeBench()
    let body = #"{"app_key":"0f1e2d3c4b5a","requests":\#(list)}"#
    let admission = json.admit(
      Array("/i/bulk".utf8), body: Array(body.utf8), json: true, bulk: true)
    #expect(admission.items.map(\.device) == kept)
    #expect(json.metrics.refusedItems(.tooDeep) == 3 - kept.count)
  }

  @Test("What closes around a deep value is still told from what does not")
  func closingAroundDepth() {
    let value = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    let list = #"[{"device_id":"a","x":\#(value)]]"#
    #expect(IntakeBench().bulk(list) == .refused(.requestsMissing))
  }

  @Test("An empty list is accepted and leaves nothing to append")
  func emptyList() {
    let bench = IntakeBench()
    #expect(bench.bulk("[]") == .accepted([]))
    #expect(bench.intake.entryItems == 0)
  }

  @Test("The whole body's hash is there only when every item has a timestamp")
  func bulkHash() throws {
    func hash(_ requests: String, outer: String) -> UInt64? {
      let bench = IntakeBench()
      _ = bench.bulk(requests, outer: outer)
      let cursor = RequestRecord.ItemCursor(bench.intake.entries)
      #expect(cursor?.header.isBulk == true)
      return cursor?.header.bulkHash
    }
    let outer = "app_key=\(IntakeBench.key)&"
    let both = #"[{"device_id":"a","timestamp":1},{"device_id":"b","timestamp":2}]"#
    let one = #"[{"device_id":"a","timestamp":1},{"device_id":"b"}]"#
    let first = try #require(hash(both, outer: outer))
    #expect(first != 0)
    #expect(hash(both, outer: "rr=4&\(outer)") == first)
    #expect(hash(both, outer: "x=4&\(outer)") != first)
    #expect(hash(one, outer: outer) == 0)
  }

  @Test("A salted app's items need the bulk request's own checksum")
  func checksums() {
    let bench = IntakeBench([IntakeBench.app(salt: "pepper")])
    let requests = #"[{"device_id":"a"}]"#
    // SHA-256 of app_key=0f1e2d3c4b5a&requests=[{"device_id":"a"}]pepper
    #expect(bench.bulk(requests) == .accepted([]))
    #expect(bench.metrics.refusedItems(.checksumMissing) == 1)
    #expect(bench.bulk(requests, outer: "app_key=0f1e2d3c4b5a&checksum256=00&") == .accepted([]))
    #expect(bench.metrics.refusedItems(.checksumMismatch) == 1)
    let signed = "app_key=0f1e2d3c4b5a&checksum256=\(Self.sum)&"
    #expect(bench.bulk(requests, outer: signed).items.map(\.device) == ["a"])
  }

  static let sum = "2b653d473de4e8eb6c31a868efe7b3d9a55eaf92de98d7eefa7616457fb234a3"
}
