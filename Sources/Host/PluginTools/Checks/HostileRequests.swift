import Foundation

/// Requests that are odd and still come from the network every day: every kind of value under every
/// name the plugin asked for.
struct HostileRequests {
  /// Member names and event keys that mean something to somebody.
  let names: [String]

  private static let namesMax = 48
  private static let eventsPerRequest = 64

  /// One JSON text of each kind, and what lies at the edges of it.
  static let values: [String] = [
    "null", "true", "false", "0", "-1", "1", "2.5", "-0.0", "1e308", "-1e308", "1e-320",
    "9007199254740993", "9223372036854775807", "-9223372036854775808", "18446744073709551615",
    "1e999", #""""#, #""x""#, #""0""#, #""-1""#, #""12abc""#, #"" 7 ""#, #""1e9""#, #""NaN""#,
    #""2026-13-45T99:99:99Z""#, #""\u0000""#, #""\ud800""#, #""\"quoted\\\/\b\f\n\r\t""#,
    "\"💥é中\u{200F}\u{202E}\"", #""[CLY]_other""#, #""$where""#, #""a.b.c""#, "[]", "{}", "[[]]",
    "[null]", #"{"":""}"#, #"{"a":{"b":[1,"2",{"c":null}]}}"#, #"{"a":1,"a":2}"#,
    "[1,2,3,\"4\",true,null,{},[]]", "\"" + String(repeating: "long ", count: 4_000) + "\"",
    String(repeating: "[", count: 60) + String(repeating: "]", count: 60),
    String(repeating: #"{"d":"#, count: 60) + "1" + String(repeating: "}", count: 60),
    "{" + (0..<200).map { #""key\#($0)":\#($0)"# }.joined(separator: ",") + "}",
  ]

  init(names: [String]) {
    self.names = Array(names.prefix(Self.namesMax))
  }

  /// Targets behind `/i?`, app key not included; each with the words that name it.
  var all: [(title: String, target: String)] {
    plain + parameters + segmentations + numbers
  }

  /// Nothing, and next to nothing.
  private var plain: [(String, String)] {
    [
      ("a request without parameters", "device_id=h0"),
      ("an empty list of events", "device_id=h0&events=[]"),
      ("events that are none", #"device_id=h0&events=[null,1,"x",[],{}]"#),
      ("events that are no list", "device_id=h0&events=7"),
      ("bytes that are no UTF-8", "device_id=h0&events=%FF%FE&%80=%C0%AF"),
      ("a session that only ends", "device_id=h0&end_session=1&session_duration=-5"),
      ("a begin and an end at once", "device_id=h0&begin_session=1&end_session=1"),
      ("metrics that are none", "device_id=h0&begin_session=1&metrics=[1,2]"),
      ("a time before time", "device_id=h0&timestamp=-1&begin_session=1"),
      ("a time after time", "device_id=h0&timestamp=9999999999999&begin_session=1"),
    ]
  }

  /// Every value as a parameter of every name.
  private var parameters: [(String, String)] {
    names.flatMap { name in
      Self.values.enumerated().map { index, value in
        (
          "parameter \(name)=\(value.prefix(40))",
          "device_id=h\(index % 5)&\(Self.escaped(name))=\(Self.escaped(value))"
        )
      }
    }
  }

  /// Every value below every name in the segmentation of an event of every key.
  private var segmentations: [(String, String)] {
    names.flatMap { key in
      Self.values.enumerated().map { index, value in
        let members = names.map { "\(Self.quoted($0)):\(value)" }.joined(separator: ",")
        let event = #"{"key":\#(Self.quoted(key)),"segmentation":{\#(members)}}"#
        return (
          "event \(key) with segments \(value.prefix(40))",
          "device_id=h\(index % 5)&events=\(Self.escaped("[\(event)]"))"
        )
      }
    }
  }

  /// Every value as every member of an event.
  private var numbers: [(String, String)] {
    names.flatMap { key in
      ["count", "sum", "dur", "timestamp", "segmentation", "key"].map { member in
        let events = Self.values.prefix(Self.eventsPerRequest).map { value in
          member == "key"
            ? #"{"key":\#(value)}"# : #"{"key":\#(Self.quoted(key)),"\#(member)":\#(value)}"#
        }
        return (
          "event \(key) with every kind of \(member)",
          "device_id=h1&events=\(Self.escaped("[\(events.joined(separator: ","))]"))"
        )
      }
    }
  }

  static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  /// What separates parameters is percent-encoded.
  static func escaped(_ text: String) -> String {
    var out = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": out += "%26"
      case "+": out += "%2B"
      case "%": out += "%25"
      case "=": out += "%3D"
      case "#": out += "%23"
      default: out.unicodeScalars.append(character)
      }
    }
    return out
  }
}

/// Requests as well-behaved SDKs send them, drawn from a seed: sessions, events, time that goes on.
struct EverydayRequests {
  private static let users = 25
  private static let words = ["alpha", "beta", "gamma", "delta", "tea", "coffee", "Home", "Cart"]

  let names: [String]
  private var generator: Seeded

  init(names: [String], seed: UInt64) {
    self.names = names.isEmpty ? ["event"] : names
    generator = Seeded(seed: seed)
  }

  /// A target behind `/i?`, and how much later than the last it is sent.
  mutating func next() -> (target: String, laterMs: Int64) {
    let user = Int.random(in: 0..<Self.users, using: &generator)
    var parts = ["device_id=user\(user)"]
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: parts.append(#"begin_session=1&metrics={"_os":"Android","_app_version":"1.2"}"#)
    case 1: parts.append("end_session=1&session_duration=30")
    case 2: parts.append("session_duration=60")
    default: break
    }
    let events = (0..<Int.random(in: 0...4, using: &generator)).map { _ in event() }
    if !events.isEmpty { parts.append("events=[\(events.joined(separator: ","))]") }
    if let name = names.randomElement(using: &generator), Bool.random(using: &generator) {
      parts.append("\(HostileRequests.escaped(name))=\(word())")
    }
    return (
      parts.joined(separator: "&"), Int64.random(in: 0...1_800_000, using: &generator)
    )
  }

  private mutating func event() -> String {
    let key = names.randomElement(using: &generator) ?? "event"
    let members = names.prefix(12).map { name -> String in
      let value =
        Bool.random(using: &generator)
        ? HostileRequests.quoted(word()) : "\(Int.random(in: 0...9, using: &generator))"
      return "\(HostileRequests.quoted(name)):\(value)"
    }
    let sum = Double(Int.random(in: 0...9_999, using: &generator)) / 100
    let event =
      #"{"key":\#(HostileRequests.quoted(key)),"count":\#(Int.random(in: 1...3, using: &generator)),"#
      + #""sum":\#(sum),"dur":\#(sum),"segmentation":{\#(members.joined(separator: ","))}}"#
    return HostileRequests.escaped(event)
  }

  private mutating func word() -> String {
    Self.words.randomElement(using: &generator) ?? "word"
  }
}
