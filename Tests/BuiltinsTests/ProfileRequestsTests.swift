import FakeHost
import PluginKit
import Testing

@testable import Builtins

/// The parameters beside `user_details` that speak of a user.
struct ProfileRequestsTests {
  private func profile(_ items: Value...) -> [String: ProfileValue] {
    let host = FakeHost()
    #expect(host.start(tallyPluginUsers()) == nil)
    #expect(host.start(tallyPluginProfiles()) == nil)
    for item in items { host.accept(FakeItem(item)) }
    #expect(host.refusals.isEmpty)
    let fields = host.cell("profiles").withUnsafeBytes { ProfileFields(cell: $0) }
    return Dictionary(
      uniqueKeysWithValues: fields.all.filter { $0.name != ProfileFields.changed }
        .map { ($0.name, $0.value) })
  }

  @Test("Common requests write nothing, whatever accompanies them")
  func common() {
    #expect(
      profile([
        "begin_session": "1", "sdk_name": "java-native-android", "sdk_version": "24.11.0",
        "t": "0", "tz": "120", "rr": "3", "av": "3.1.0", "country_code": "DE", "city": "Berlin",
        "metrics": ["_os": "Android"], "events": [["key": "a", "count": 1]],
      ]) == [:])
  }

  @Test("A health check brings along who sends it")
  func healthCheck() {
    #expect(
      profile([
        "hc": ["el": 0, "wl": 2, "sc": -1, "em": "", "deep": ["a": 1]], "sdk_name": "js",
        "sdk_version": "24.4", "t": 1, "tz": "-300", "rr": "3", "av": "3.1.0",
      ]) == [
        "hc.el": .int(0), "hc.wl": .int(2), "hc.sc": .int(-1), "hc.em": .text(""),
        "sdk.name": .text("js"), "sdk.version": .text("24.4"), "t": .int(1), "tz": .int(-300),
        "rr": .int(3), "av": .text("3.1.0"),
      ])
  }

  @Test("A developer's own device id makes a user known")
  func idType() {
    #expect(profile(["t": "0", "consent": ["crashes": true]])["hasInfo"] == .bool(true))
    #expect(profile(["t": "1", "consent": ["crashes": true]])["hasInfo"] == nil)
  }

  @Test("Details that cannot be read say nothing, not even that there are some")
  func unreadable() {
    #expect(profile(["user_details": "{\"name\""]) == [:])
  }

  @Test("Consent is kept feature by feature")
  func consent() {
    #expect(
      profile(
        ["consent": ["sessions": true, "crashes": false, "push": true]],
        ["consent": ["sessions": true, "push": false]])
        == [
          "consent.sessions": .bool(true), "consent.crashes": .bool(false),
          "consent.push": .bool(false),
        ])
  }

  @Test("A place is kept, the empty one opts out where a session begins")
  func location() {
    let berlin: [String: ProfileValue] = [
      "loc.gps": .bool(true), "loc.geo": .list([.double(13.4), .double(52.5)]),
      "loc.date": .int(FakeItem.noon), "rgn": .text("BE"),
    ]
    #expect(profile(["location": "52.5, 13.4", "region": "BE"]) == berlin)
    #expect(profile(["location": "52.5,13.4", "region": "BE"], ["location": ""]) == berlin)
    #expect(
      profile(
        ["location": "52.5,13.4", "region": "BE"], ["location": "", "begin_session": "1"])
        == ["rgn": .text("Unknown")])
    for bad in ["91,0", "0,181", "a,b", "1", "1,2,3"] {
      #expect(profile(["location": .string(bad)]) == [:])
    }
  }

  @Test("Campaigns and attribution are kept")
  func campaigns() {
    #expect(
      profile([
        "campaign_id": "c1", "campaign_user": "u1", "attribution_data": ["cid": "a\"b", "n": 1.5],
        "aid": ["adid": "x"],
      ]) == [
        "campaign_id": .text("c1"), "campaign_user": .text("u1"),
        "attribution_data": .text(#"{"cid":"a\"b","n":1.5}"#), "aid.adid": .text("x"),
      ])
  }

  @Test("A profile reads as it was written, a damaged one as far as it goes")
  func cells() {
    var fields = ProfileFields()
    fields["name"] = .text("Äda")
    fields["custom.n"] = .double(-0.5)
    fields["custom.l"] = .list([.bool(true), .int(.min), .text("")])
    let cell = fields.cell
    #expect(cell.withUnsafeBytes { ProfileFields(cell: $0) } == fields)
    for length in 0..<cell.count {
      let cut = cell.prefix(length).withUnsafeBytes { ProfileFields(cell: $0) }
      #expect(cut.all.count < 3)
    }
  }
}
