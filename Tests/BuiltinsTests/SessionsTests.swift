import FakeHost
import PluginABI
import Testing

@testable import Builtins

struct SessionsTests {
  private func host(_ settings: [String: String] = [:]) -> FakeHost {
    let host = FakeHost()
    #expect(host.start(tallyPluginUsers()) == nil)
    #expect(host.start(tallyPluginSessions(), settings: settings) == nil)
    return host
  }

  private let begin: Value = ["begin_session": "1"]
  private let end: Value = ["end_session": "1"]

  @Test("A session with its seconds is counted once, in total and under its country")
  func oneSession() {
    let host = host()
    host.accept(
      FakeItem(begin, country: "DE"), FakeItem(["session_duration": "60"], seconds: 60),
      FakeItem(["end_session": "1", "session_duration": 5], seconds: 65))
    for grain in [TALLY_GRAIN_HOUR, TALLY_GRAIN_DAY, TALLY_GRAIN_MONTH] {
      #expect(host.total("users", grain: grain) == ["t": 1, "n": 1, "u": 1, "d": 65, "e": 3])
    }
    #expect(host.total("users", grain: TALLY_GRAIN_WEEK) == ["u": 1])
    #expect(
      host.total("users", dimension: "cc", value: "DE") == ["t": 1, "n": 1, "u": 1])
    #expect(host.total("users", dimension: "cc", value: "DE", grain: TALLY_GRAIN_HOUR) == [:])
    #expect(host.values("users", "f") == ["0": 1])
    #expect(host.values("users", "ds") == ["3": 1])
    #expect(host.refusals.isEmpty)
  }

  @Test("The second session of a day is one more visit of the same user")
  func twoSessions() {
    let host = host()
    host.accept(
      FakeItem(begin), FakeItem(end, seconds: 10), FakeItem(begin, seconds: 3_600),
      FakeItem(begin, user: 2))
    #expect(host.total("users") == ["t": 3, "n": 2, "u": 2, "e": 4])
    #expect(host.total("users", grain: TALLY_GRAIN_HOUR)["u"] == 3)
    #expect(host.values("users", "f") == ["0": 2, "1": 1])
    #expect(host.total("users", dimension: "cc", value: "Unknown")["u"] == 2)
  }

  @Test("A begin inside the cooldown goes on, and the length is counted once, whole")
  func extended() {
    let host = host()
    host.accept(
      FakeItem(begin), FakeItem(["end_session": "1", "session_duration": 20], seconds: 20))
    #expect(host.values("users", "ds") == ["1": 1])
    host.accept(FakeItem(begin, seconds: 34.999))
    #expect(host.total("users")["t"] == 1)
    #expect(host.values("users", "ds") == [:])
    host.accept(FakeItem(["end_session": "1", "session_duration": 50], seconds: 90))
    #expect(host.values("users", "ds") == ["3": 1])
    #expect(host.total("users") == ["t": 1, "n": 1, "u": 1, "d": 70, "e": 4])
  }

  @Test("Cooldown ends after its seconds, can be set, and can be ignored")
  func cooldown() {
    func sessions(
      _ settings: [String: String] = [:], after seconds: Double, _ extra: Value? = nil
    ) -> Int64? {
      let host = host(settings)
      host.accept(FakeItem(begin), FakeItem(end, seconds: 10))
      host.accept(FakeItem(extra ?? begin, seconds: 10 + seconds))
      return host.total("users")["t"]
    }
    #expect(sessions(after: 14.999) == 1)
    #expect(sessions(after: 15) == 2)
    #expect(sessions(after: 0) == 1)
    #expect(sessions(after: -0.001) == 2)
    #expect(sessions(["session_cooldown_s": "60"], after: 59) == 1)
    #expect(sessions(["session_cooldown_s": "0"], after: 0) == 2)
    #expect(sessions(after: 1, ["begin_session": "1", "ignore_cooldown": "1"]) == 2)
  }

  @Test("A session left open closes when the next one begins")
  func leftOpen() {
    let host = host()
    host.accept(FakeItem(begin), FakeItem(["session_duration": 25], seconds: 25))
    #expect(host.values("users", "ds") == [:])
    host.accept(FakeItem(begin, seconds: 86_400))
    #expect(host.values("users", "ds") == ["1": 1])
    #expect(host.values("users", "f") == ["0": 1, "2": 1])
  }

  @Test("A duration is applied first, and begin wins over end")
  func together() {
    let host = host()
    host.accept(FakeItem(begin))
    host.accept(
      FakeItem(
        ["begin_session": "1", "session_duration": 40, "end_session": "1"], seconds: 100))
    #expect(host.values("users", "ds") == ["2": 1])
    #expect(host.total("users")["t"] == 2)
    host.accept(FakeItem(end, seconds: 200))
    #expect(host.values("users", "ds") == ["2": 1, "0": 1])
  }

  @Test(
    "Seconds are limited",
    arguments: [
      ("-1", 30), ("0", nil), ("x", nil), ("90000", 86_400), ("17.9", 17),
    ] as [(String, Int64?)])
  func seconds(text: String, counted: Int64?) {
    let host = host()
    host.accept(FakeItem(begin), FakeItem(["session_duration": .string(text)], seconds: 1))
    #expect(host.total("users")["d"] == counted)
  }

  @Test("Requests before the first session are counted when it starts")
  func requestsBefore() {
    let host = host()
    host.accept(FakeItem(["events": []]))
    host.accept(FakeItem(["metrics": [:]], seconds: 1))
    #expect(host.total("users") == [:])
    host.accept(FakeItem(begin, seconds: 2))
    #expect(host.total("users")["e"] == 3)
    host.accept(FakeItem(["events": []], seconds: 3))
    #expect(host.total("users")["e"] == 4)
  }

  @Test("An end without a session closes nothing")
  func endAlone() {
    let host = host()
    host.accept(FakeItem(begin), FakeItem(end, seconds: 1), FakeItem(end, seconds: 2))
    #expect(host.values("users", "ds") == ["0": 1])
  }

  @Test("An end before the first session does not keep it from counting")
  func endBeforeFirst() {
    let host = host()
    host.accept(FakeItem(end), FakeItem(begin, seconds: 1))
    #expect(host.total("users") == ["t": 1, "n": 1, "u": 1, "e": 2])
    #expect(host.values("users", "f") == ["0": 1])
  }

  @Test("Frequency goes by the hours since the last session")
  func frequency() {
    let hours: [(Int64, Int)] = [
      (-1, 1), (23, 1), (24, 2), (47, 2), (48, 3), (167, 7), (168, 8), (191, 8), (192, 9),
      (359, 9), (360, 10), (743, 10), (744, 11), (9_000, 11),
    ]
    for (gap, bucket) in hours {
      #expect(SessionRules.frequency(sinceMs: gap * 3_600_000) == bucket, "\(gap) hours")
    }
  }

  @Test("A late session counts in its own hour and moves no time back")
  func late() {
    let host = host()
    host.accept(FakeItem(begin, seconds: 86_400 * 3))
    host.accept(FakeItem(begin))
    host.accept(FakeItem(begin, seconds: 86_400 * 3 + 3_600))
    #expect(host.total("users") == ["t": 3, "n": 1, "u": 2, "e": 3])
    #expect(host.values("users", "f") == ["0": 1, "1": 2])
  }

  @Test("Metrics are counted for the values of the request that begins")
  func metrics() {
    let host = host()
    let metrics: Value = [
      "_os": "Android", "_os_version": "14", "_device": "Pixel", "_app_version": "1.2",
      "_locale": "de_DE", "_carrier": "o2", "_browser": "Firefox", "_density": "HDPI",
    ]
    host.accept(FakeItem(["begin_session": "1", "metrics": metrics]))
    host.accept(FakeItem(["metrics": ["_device": "Other"]], seconds: 10))
    host.accept(FakeItem(begin, seconds: 100))
    func counted(_ metric: String, _ dimension: String, _ value: String) -> [String: Int64] {
      host.total(metric, dimension: dimension, value: value)
    }
    let once: [String: Int64] = ["t": 1, "n": 1, "u": 1]
    #expect(counted("device_details", "os", "Android") == once)
    #expect(counted("device_details", "os_versions", "a14") == once)
    #expect(counted("device_details", "app_versions", "1:2") == once)
    #expect(counted("devices", "devices", "Pixel") == once)
    #expect(counted("devices", "devices", "Other") == [:])
    #expect(counted("langs", "langs", "de") == once)
    #expect(counted("carriers", "carriers", "O2") == once)
    #expect(counted("browser", "browser", "Firefox") == once)
    #expect(counted("density", "density", "aHDPI") == once)
  }

  @Test("Each question is the document of its metric")
  func answers() {
    let host = host()
    #expect(host.ask(["method": "sessions"]).body == "{}")
    host.accept(FakeItem(["begin_session": "1", "metrics": ["_device": "A"]]))
    for method in ["sessions", "users", "locations"] {
      #expect(host.ask(["method": method]).body == #"{"users//":{"e":1,"n":1,"t":1,"u":1}}"#)
    }
    #expect(host.ask(["method": "countries"]).body.hasPrefix(#"{"users//cc":"#))
    for method in ["device_details", "app_versions", "devices", "carriers", "langs", "density"] {
      #expect(host.ask(["method": method]).status == 200)
    }
  }

  @Test("A session counts under its city where its country is the app's own")
  func cities() {
    let host = host()
    func item(_ country: String, _ city: String, user: UInt64, home: String = "DE") -> FakeItem {
      FakeItem(begin, user: user, country: country, city: city, appCountry: home)
    }
    host.accept(
      item("DE", "Bonn", user: 1), item("DE", "", user: 2), item("FR", "Paris", user: 3),
      item("DE", "Ulm", user: 4, home: ""), item("", "Ulm", user: 5))
    #expect(host.values("cities", "cities") == ["Bonn": 1, "Unknown": 1])
    #expect(host.total("cities", dimension: "cities", value: "Bonn") == ["t": 1, "n": 1, "u": 1])
  }

  @Test("Nothing is counted by city, or by country either, where it is switched off")
  func placesOff() {
    let berlin = FakeItem(begin, country: "DE", city: "Berlin", appCountry: "DE")
    for settings in [["city_data": "false"], ["country_data": "false"]] {
      let host = host(settings)
      host.accept(berlin)
      #expect(host.values("cities", "cities") == [:])
      let country = settings["city_data"] == nil ? "Unknown" : "DE"
      #expect(host.values("users", "cc") == [country: 1])
    }
  }
}
