import Testing

@testable import Host

@Suite("Intake")
struct IntakeTests {
  static let ids = "app_key=0f1e2d3c4b5a&device_id=device-42"

  @Test("A query and the same form body record the same parameters under different hashes")
  func queryAndBody() throws {
    let fields = "\(Self.ids)&timestamp=1717243200123&events=%5B%7B%22key%22%3A%22b+c%22%7D%5D"
    let get = try #require(IntakeBench().get(fields).items.first)
    let post = try #require(IntakeBench().post(fields).items.first)
    let expected = ["timestamp": "1717243200123", "events": #"[{"key":"b c"}]"#]
    #expect(get.parameters == expected)
    #expect(post.parameters == expected)
    #expect(get.device == "device-42")
    #expect(get.partition == post.partition)
    #expect(get.hash != post.hash)
    #expect(get.hash != 0 && post.hash != 0)
  }

  @Test("The body wins over the query, and a later pair over an earlier one")
  func bodyWins() throws {
    let admission = IntakeBench().post(
      "device_id=from-body&a=2&a=3&%61=4", target: "/i?\(Self.ids)&a=1&b=1")
    let item = try #require(admission.items.first)
    #expect(item.device == "from-body")
    #expect(item.parameters == ["a": "4", "b": "1"])
  }

  @Test("A JSON body's members are parameters, its values kept as JSON")
  func jsonBody() throws {
    let admission = IntakeBench().post(
      #"{"device_id":"d\u00e9\ud83d\ude00","events":[{"key":"a"}],"timestamp":1717243200123,"n":null}"#,
      target: "/i?app_key=0f1e2d3c4b5a&device_id=x&events=old", json: true)
    let item = try #require(admission.items.first)
    #expect(item.device == "dé😀")
    #expect(
      item.parameters == [
        "events": #"[{"key":"a"}]"#, "timestamp": "1717243200123", "n": "null",
      ])
    #expect(item.json == ["events", "timestamp", "n"])
    #expect(item.hash != 0)
  }

  @Test("A number is a device id; null, a list and nothing are none")
  func coercion() {
    func admission(_ device: String) -> Admission {
      IntakeBench().post(
        #"{"app_key":"0f1e2d3c4b5a","device_id":\#(device)}"#, json: true)
    }
    #expect(admission("42").items.first?.device == "42")
    #expect(admission("true").items.first?.device == "true")
    for device in ["null", "[1]", "{}", #""""#] {
      #expect(admission(device) == .refused(.missingIDs), "\(device)")
    }
  }

  @Test(
    "What is not a JSON object is refused as a JSON body",
    arguments: [
      "[]", "1", "{", #"{"a"}"#, #"{"a":}"#, #"{"a":1"#, #"{"a":1}x"#, #"{"a":[}]}"#, #"{"a":1,}"#,
      #"{"a":tru}"#, #"{"a":"\"#, "{\"a\":\"\u{0}", #"{a:1}"#,
      #"{"a":"# + String(repeating: "[", count: 100_000),
    ])
  func malformedJSON(_ body: String) {
    #expect(IntakeBench().post(body, json: true) == .refused(.malformedBody))
  }

  @Test("A JSON body that is not UTF-8 is refused")
  func jsonBodyNotUTF8() {
    let body = Array(#"{"app_key":"0f1e2d3c4b5a","device_id":""#.utf8) + [0xFF] + Array("\"}".utf8)
    let admission = IntakeBench().admit(Array("/i".utf8), body: body, json: true)
    #expect(admission == .refused(.malformedBody))
  }

  @Test(
    "Requests are refused in the protocol's order",
    arguments: [
      ("", Refusal.missingIDs),
      ("app_key=0f1e2d3c4b5a", .missingIDs),
      ("device_id=a", .missingIDs),
      ("app_key=&device_id=a", .missingIDs),
      ("app_key=0f1e2d3c4b5a&device_id=", .missingIDs),
      ("app_key=nobody&device_id=00000000-0000-0000-0000-000000000000", .zeroDeviceID),
      ("app_key=nobody&device_id=a", .unknownApp),
      ("app_key=0f1e2d3c4b5&device_id=a", .unknownApp),
      ("app_key=paused&device_id=a", .pausedApp),
      ("app_key=locked&device_id=a&populator=true", .lockedApp),
      ("app_key=salted&device_id=a", .checksumMissing),
      ("app_key=salted&device_id=a&checksum256=00", .checksumMismatch),
      ("\(IntakeTests.ids)&app_id=123", .appIDInvalid),
      ("\(IntakeTests.ids)&user_id=123", .userIDInvalid),
    ])
  func refusals(_ query: String, _ refusal: Refusal) {
    let bench = IntakeBench([
      IntakeBench.app(), IntakeBench.app(number: 2, key: "paused", paused: true),
      IntakeBench.app(number: 3, key: "locked", locked: true),
      IntakeBench.app(number: 4, key: "salted", salt: "pepper"),
    ])
    #expect(bench.get(query) == .refused(refusal))
    #expect(bench.post(query) == .refused(refusal))
  }

  @Test("A locked app takes what no populator made")
  func lockedAppTakesData() {
    let bench = IntakeBench([IntakeBench.app(locked: true)])
    #expect(bench.get(Self.ids).items.count == 1)
  }

  @Test("Checksums of both kinds over query or body are accepted, in either case")
  func checksums() {
    let payload = "\(Self.ids)&begin_session=1&timestamp=1717243200123"
    let sha256 = "22CF3F85A818F77D4F35C2E0F744F46514984F84AA54E3D9A7A1BC0B71381524"
    let sha1 = "2D603E6757FDBE380FDA45A18A995F4AD307834F"
    let bench = IntakeBench([IntakeBench.app(salt: "pepper")])
    for pair in ["checksum256=\(sha256)", "checksum=\(sha1)", "checksum=\(sha1.lowercased())"] {
      for text in ["\(payload)&\(pair)", "\(pair)&\(payload)"] {
        #expect(bench.get(text).items.count == 1, "\(text)")
        #expect(bench.post(text).items.count == 1, "\(text)")
      }
      let changed = "\(payload)&dur=9&\(pair)"
      #expect(bench.get(changed) == .refused(.checksumMismatch))
    }
    #expect(bench.get("\(payload)&checksum256=\(sha1)") == .refused(.checksumMismatch))
    #expect(IntakeBench().get("\(payload)&checksum256=nonsense").items.count == 1)
  }

  @Test("What differs between two attempts is in neither hash; without a timestamp there is none")
  func retries() {
    let bench = IntakeBench()
    func hash(_ text: String) -> UInt64? { bench.get(text).items.first?.hash }
    let first = hash("\(Self.ids)&timestamp=1&rr=3&checksum256=AB")
    #expect(first == hash("\(Self.ids)&timestamp=1&rr=2&checksum256=CD&checksum=1"))
    #expect(first == hash("rr=9&checksum=1&\(Self.ids)&timestamp=1"))
    #expect(first != hash("\(Self.ids)&timestamp=2&rr=3"))
    #expect(hash("\(Self.ids)&rr=3") == 0)
    #expect(bench.get("\(Self.ids)&rr=3&checksum=1").items.first?.parameters == ["rr": "3"])
  }

  @Test("Addresses are recorded only when the operator keeps them")
  func addresses() {
    let query = "\(Self.ids)&ip_address=10.0.0.1&ip=10.0.0.2&a=1"
    #expect(IntakeBench().get(query).items.first?.parameters.count == 3)
    for mode in [AddressMode.drop, .truncate] {
      let bench = IntakeBench([IntakeBench.app(addresses: mode)])
      #expect(bench.get(query).items.first?.parameters == ["a": "1"])
      let bulk = bench.bulk(
        #"[{"device_id":"d","ip_address":"10.0.0.1","b":{"c":1}},{"device_id":"e"}]"#)
      #expect(bulk.items.map(\.parameters) == [["b": #"{"c":1}"#], [:]])
      #expect(bulk.items.map(\.object) == [nil, #"{"device_id":"e"}"#])
    }
  }

  @Test("The bounds of parameters are refusals, one beyond each")
  func bounds() {
    let bench = IntakeBench()
    func many(_ count: Int) -> String { (0..<count).map { "p\($0)=1" }.joined(separator: "&") }
    #expect(bench.post("\(Self.ids)&\(many(998))").items.first?.parameters.count == 998)
    #expect(bench.post("\(Self.ids)&\(many(999))") == .refused(.tooManyParameters))
    let name = String(repeating: "n", count: 512)
    #expect(bench.post("\(Self.ids)&\(name)=1").items.count == 1)
    #expect(bench.post("\(Self.ids)&\(name)n=1") == .refused(.parameterNameTooLong))
    let device = String(repeating: "%41", count: 1024)
    #expect(bench.get("app_key=0f1e2d3c4b5a&device_id=\(device)").items.first?.device.count == 1024)
    #expect(
      bench.get("app_key=0f1e2d3c4b5a&device_id=\(device)A") == .refused(.deviceIDTooLong))
    let key = String(repeating: "k", count: 129)
    #expect(bench.get("app_key=\(key)&device_id=a") == .refused(.unknownApp))
  }

  @Test("A name repeated a hundred thousand times, escaped, stays one parameter")
  func repeatedName() {
    let pairs = Array(repeating: "%61=1", count: 100_000).joined(separator: "&")
    #expect(IntakeBench().post("\(Self.ids)&\(pairs)").items.first?.parameters == ["a": "1"])
  }

  @Test("Partitions and hashes are stable from day one")
  func vectors() throws {
    let item = try #require(IntakeBench().get("\(Self.ids)&timestamp=1717243200123").items.first)
    #expect(item.partition == Self.partition)
    #expect(item.hash == Self.hash)
  }

  static let partition: UInt8 = 44
  static let hash: UInt64 = 1_843_280_440_587_264_548
}
