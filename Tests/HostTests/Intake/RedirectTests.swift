import Store
import Testing

@testable import Host

@Suite("Requests of apps that moved")
struct IntakeRedirectTests {
  private static func bench(_ addresses: AddressMode = .keep) -> IntakeBench {
    let moved = AppView(
      number: 1, hexID: IntakeBench.hexID, keys: [AppKey(key: IntakeBench.key)],
      redirectURL: "https://new.example.org/tally/", addresses: addresses)
    let stayed = IntakeBench.app(number: 2, key: "stayed")
    let other = AppView(
      number: 3, hexID: IntakeBench.hexID, keys: [AppKey(key: "other")],
      redirectURL: "https://other.example.org")
    let bench = IntakeBench([moved, stayed, other])
    bench.intake.origin = Origin(peer: ClientAddress("203.0.113.77"))
    return bench
  }

  private static let ids = "app_key=\(IntakeBench.key)&device_id=d"
  private static let new = "https://new.example.org/tally"

  @Test("They go on as they are, with the client's address and a mark")
  func url() throws {
    let bench = Self.bench()
    #expect(bench.get("\(Self.ids)&a=%20b\u{7F}") == .refused(.redirected))
    #expect(bench.intake.entries.isEmpty)
    let (forward, url) = try #require(bench.intake.takeForward())
    #expect(
      url == "\(Self.new)/i?\(Self.ids)&a=%20b%7F&tally_redirected=1&ip_address=203.0.113.77")
    #expect(forward.body == nil)
    #expect(bench.intake.takeForward() == nil)
    #expect(bench.get("\(Self.ids)&ip_address=9.9.9.9") == .refused(.redirected))
    #expect(
      bench.intake.takeForward()?.url
        == "\(Self.new)/i?\(Self.ids)&ip_address=9.9.9.9&tally_redirected=1")
  }

  @Test("An address goes no further than the app lets it", arguments: AddressMode.allCases)
  func address(_ mode: AddressMode) throws {
    let bench = Self.bench(mode)
    #expect(bench.post(Self.ids) == .refused(.redirected))
    let told = ["keep": "&ip_address=203.0.113.77", "truncate": "&ip_address=203.0.113.0"]
    #expect(
      bench.intake.takeForward()?.url
        == "\(Self.new)/i?tally_redirected=1\(told[mode.rawValue] ?? "")")
  }

  @Test("Bodies keep their kind")
  func bodies() throws {
    let bench = Self.bench()
    #expect(bench.post(Self.ids) == .refused(.redirected))
    let form = try #require(bench.intake.takeForward()?.forward)
    #expect(form.contentType == "application/x-www-form-urlencoded")
    #expect(form.body == Array(Self.ids.utf8))
    let json = #"{"app_key":"\#(IntakeBench.key)","device_id":"d"}"#
    #expect(bench.post(json, json: true) == .refused(.redirected))
    #expect(bench.intake.takeForward()?.forward.contentType == "application/json")
    let parts = MultipartTests.body(MultipartTests.ids, file: "x")
    #expect(bench.multipart(parts) == .refused(.redirected))
    let multipart = try #require(bench.intake.takeForward()?.forward)
    #expect(multipart.contentType == "multipart/form-data; boundary=\"----x9\"")
    #expect(multipart.body == Array(parts.utf8))
  }

  @Test("A request goes on once")
  func loop() {
    let bench = Self.bench()
    #expect(bench.get("\(Self.ids)&tally_redirected=1") == .refused(.redirectLoop))
    let list = #"tally_redirected=1&requests=[{"app_key":"\#(IntakeBench.key)","device_id":"d"}]"#
    #expect(
      bench.admit(Array("/i/bulk".utf8), body: Array(list.utf8), bulk: true)
        == .refused(.redirectLoop))
    #expect(bench.intake.takeForward() == nil)
    // Where it ends the mark is not kept.
    let item = bench.get("app_key=stayed&device_id=d&tally_redirected=1").items.first
    #expect(item?.parameters == [:])
  }

  @Test("A bulk request goes on whole, and with nothing of another app in it")
  func bulk() throws {
    let bench = Self.bench()
    #expect(bench.bulk(#"[{"device_id":"a"},{"device_id":"b"},{}]"#) == .refused(.redirected))
    let forward = try #require(bench.intake.takeForward())
    #expect(forward.url.hasPrefix("\(Self.new)/i/bulk?tally_redirected=1"))
    for list in [
      #"[{"device_id":"a"},{"app_key":"stayed","device_id":"b"}]"#,
      #"[{"app_key":"stayed","device_id":"b"},{"device_id":"a"}]"#,
      #"[{"app_key":"other","device_id":"b"},{"device_id":"a"}]"#,
    ] {
      #expect(bench.bulk(list) == .refused(.redirectMixed), "\(list)")
      #expect(bench.intake.entries.isEmpty)
    }
    #expect(bench.bulk(#"[{"app_key":"stayed","device_id":"b"}]"#).items.count == 1)
  }
}
