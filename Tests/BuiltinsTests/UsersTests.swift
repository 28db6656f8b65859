import FakeHost
import PluginKit
import Testing

@testable import Builtins

/// Counts what "users" says, so that a test can read it: one series per metric's value.
private let entry = PluginEntry(WitnessPlugin.self) { WitnessPlugin.create($0, $1, $2) }

private struct WitnessPlugin: Plugin {
  static let descriptor = Descriptor(name: "witness", version: "1.0.0", summary: "Reads facts.")

  private let known: Metric
  private let users: Key

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    users = try host.intern("users")
    known = try registrar.metric(
      "known", measures: [.sum("t"), .sum("given"), .sum("changed")], dimensionLimit: 100)
    try registrar.hook(after: ["users"])
  }

  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) {
    for item in batch {
      guard let user = facts.user(item, from: users) else { continue }
      effects.count(
        item, known.series(dimension: "seen", value: "first"), user.firstSeenMs)
      effects.count(item, known.series(dimension: "seen", value: "last"), user.lastSeenMs)
      for metric in UserMetric.allCases where !user.value(metric).isEmpty {
        let value = user.value(metric)
        Text.with("\(metric)") { name in
          effects.count(
            item, known.series(dimension: name, value: value), 1, user.isGiven(metric) ? 1 : 0,
            user.isChanged(metric) ? 1 : 0)
          let old = user.oldValue(metric)
          Text.with("old \(metric)") {
            if !old.isEmpty { effects.count(item, known.series(dimension: $0, value: old), 1) }
          }
        }
      }
    }
  }
}

struct UsersTests {
  private func host() -> FakeHost {
    let host = FakeHost()
    #expect(host.start(tallyPluginUsers()) == nil)
    #expect(host.start(entry.table) == nil)
    return host
  }

  /// The values a request's metrics become.
  private func normalised(_ metrics: Value, country: String = "") -> [UserMetric: String] {
    let host = host()
    host.accept(FakeItem(["metrics": metrics], country: country))
    #expect(host.refusals.isEmpty)
    return values(host)
  }

  private func values(_ host: FakeHost) -> [UserMetric: String] {
    var found: [UserMetric: String] = [:]
    for metric in UserMetric.allCases {
      let values = host.values("known", "\(metric)")
      if let value = values.keys.first, values.count == 1 { found[metric] = value }
    }
    return found
  }

  @Test("Metrics of an Android phone")
  func android() {
    let values = normalised([
      "_os": "Android", "_os_version": "14.1", "_device": "Pixel 8", "_manufacturer": "Google",
      "_device_type": "mobile", "_resolution": "1080x2400", "_density": "XXHDPI",
      "_app_version": "3.1.0", "_carrier": "VODAFONE de", "_locale": "de_DE",
      "_store": "com.android.vending",
    ])
    #expect(
      values == [
        .os: "Android", .osVersion: "a14:1", .device: "Pixel 8", .manufacturer: "Google",
        .deviceType: "mobile", .resolution: "1080x2400", .density: "aXXHDPI",
        .appVersion: "3:1:0", .carrier: "Vodafone De", .locale: "de_DE", .language: "de",
        .store: "com:android:vending",
      ])
  }

  @Test("Apple is the maker of Apple's systems, and the device tells its type")
  func apple() {
    let phone = normalised(["_os": "iOS", "_os_version": "17.0", "_device": "iPhone15,2"])
    #expect(phone[.manufacturer] == "Apple")
    #expect(phone[.deviceType] == "mobile")
    #expect(phone[.osVersion] == "i17:0")
    #expect(normalised(["_os": "iOS", "_device": "iPad8,1"])[.deviceType] == "tablet")
    #expect(normalised(["_os": "tvOS"])[.deviceType] == "smarttv")
    #expect(normalised(["_os": "watchOS"])[.deviceType] == "wearable")
    #expect(normalised(["_os": "macOS", "_manufacturer": "x"])[.manufacturer] == "Apple")
    #expect(normalised(["_os": "Windows"])[.manufacturer] == nil)
  }

  @Test(
    "Versions carry the code of the system in the same request",
    arguments: [
      ("Windows", "mw"), ("Windows Phone", "w"), ("macOS", "o"), ("Linux", "l"),
      ("IOS", "i"), ("Haiku", "h"), ("web", "web"), ("Chrome OS", "c"), ("Unknown", "unk"),
      ("Android TV", "a"),
    ])
  func systemCodes(system: String, code: String) {
    let values = normalised(["_os": .string(system), "_os_version": "1"])
    #expect(values[.osVersion] == code + "1")
  }

  @Test("Without a system there is no prefix")
  func withoutSystem() {
    #expect(normalised(["_os_version": "4.4"])[.osVersion] == "4:4")
  }

  @Test("Whole app versions get a zero, numbers become text")
  func appVersion() {
    #expect(normalised(["_app_version": "3"])[.appVersion] == "3:0")
    #expect(normalised(["_app_version": 4])[.appVersion] == "4:0")
    #expect(normalised(["_app_version": 1.5])[.appVersion] == "1:5")
    #expect(normalised(["_os": "Android", "_density": "2"])[.density] == "a2:00")
    #expect(normalised(["_os": "Android", "_density": 1.255])[.density] == "a1:25")
  }

  @Test("Numbers and made-up identifiers are no carriers")
  func carrier() {
    #expect(normalised(["_carrier": "26201"])[.carrier] == nil)
    #expect(normalised(["_carrier": "310260"])[.carrier] == nil)
    #expect(normalised(["_carrier": "abcdefghijklmnop"])[.carrier] == nil)
    #expect(normalised(["_carrier": "abcdefgh jklmnop"])[.carrier] == "Abcdefgh Jklmnop")
    #expect(normalised(["_carrier": "O2"])[.carrier] == "O2")
  }

  @Test("Long values are cut between characters and fit the fact")
  func longValues() {
    let long = String(repeating: "é", count: 300)
    let names = [
      "_os", "_os_version", "_device", "_manufacturer", "_device_type", "_resolution", "_density",
      "_app_version", "_carrier", "_locale", "_browser", "_browser_version", "_store",
    ]
    func metrics(_ prefix: String) -> Value {
      .object(names.map { .init(name: $0, value: .string(prefix + long)) })
    }
    let host = host()
    host.accept(FakeItem(["metrics": metrics("")]))
    host.accept(FakeItem(["metrics": metrics("x")]))
    #expect(host.refusals.isEmpty)
    #expect(host.values("known", "device").keys.allSatisfy { (111...112).contains($0.utf8.count) })
    #expect(host.cell("users").count <= 40 + 16 * 112)
  }

  @Test("What was given, what changed and what was known before are told apart")
  func changes() {
    let host = host()
    host.accept(FakeItem(["metrics": ["_device": "A", "_resolution": "1x1"]]))
    host.accept(FakeItem(["metrics": ["_device": "B", "_resolution": "1x1"]], seconds: 1))
    host.accept(FakeItem(["events": []], seconds: 2))
    func numbers(_ dimension: String, _ value: String) -> [String: Int64] {
      host.total("known", dimension: dimension, value: value)
    }
    #expect(numbers("device", "A") == ["t": 1, "given": 1, "changed": 1])
    #expect(numbers("device", "B") == ["t": 2, "given": 1, "changed": 1])
    #expect(numbers("resolution", "1x1") == ["t": 3, "given": 2, "changed": 1])
    #expect(numbers("old device", "A") == ["t": 1])
    #expect(numbers("old device", "B") == ["t": 1])
  }

  @Test("First seen is the earliest time, last seen the latest before the item")
  func seen() {
    let host = host()
    for seconds in [10.0, 5, 20] { host.accept(FakeItem(["a": "b"], seconds: seconds)) }
    let first = host.total("known", dimension: "seen", value: "first")["t"]
    let last = host.total("known", dimension: "seen", value: "last")["t"]
    #expect(first == 3 * FakeItem.noon + 10_000 + 5_000 + 5_000)
    #expect(last == 2 * (FakeItem.noon + 10_000))
  }

  @Test("A country comes from the request, else from the address, and is kept")
  func country() {
    let host = host()
    host.accept(FakeItem(["begin_session": "1"], country: "DE"))
    host.accept(FakeItem(["country_code": "fr"], seconds: 1, country: "DE"))
    host.accept(FakeItem(["begin_session": "1"], seconds: 2))
    host.accept(FakeItem(["begin_session": "1", "location": ""], seconds: 3, country: "DE"))
    #expect(host.values("known", "country") == ["DE": 1, "FR": 2, "Unknown": 1])
    let nowhere = self.host()
    nowhere.accept(FakeItem(["a": "b"]), FakeItem(["begin_session": "1", "country_code": "xyz"]))
    #expect(nowhere.values("known", "country") == ["Unknown": 1])
  }
}
