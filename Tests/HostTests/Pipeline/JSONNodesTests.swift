import CSimdjson
import Foundation
import PluginABI
import Testing

@testable import Host

@Suite("JSON as nodes")
struct JSONNodesTests {
  private func value(_ json: String) -> DecodedValue? { DecodeBench.value(Array(json.utf8)).value }

  @Test(
    "Every document means what Foundation and its author say it means", arguments: UInt64(1)...40)
  func documents(_ seed: UInt64) throws {
    var random = SeededDocuments(seed: seed)
    for _ in 0..<25 {
      let document = random.document()
      let (found, bench) = DecodeBench.value(Array(document.text.utf8))
      #expect(found == document.value, "\(document.text)")
      #expect(bench.counters.jsonInvalid.count == 0)
      let any = try JSONSerialization.jsonObject(
        with: Data(document.text.utf8), options: .fragmentsAllowed)
      #expect(found.map { Self.isSame($0, any) } == true, "\(document.text)")
    }
  }

  private static func isSame(_ value: DecodedValue, _ any: Any) -> Bool {
    switch value {
    case .null: return any is NSNull
    case .bool(let bool): return (any as? NSNumber)?.boolValue == bool
    case .int(let int): return (any as? NSNumber)?.int64Value == int
    case .double(let double):
      // Foundation is off by a few last bits for small and large numbers; the author is exact.
      guard let other = (any as? NSNumber)?.doubleValue else { return false }
      return abs(other - double) <= abs(double) * 1e-12
    case .string(let text): return (any as? String).map { Array($0.utf8) } == text
    case .array(let values):
      guard let others = any as? [Any], others.count == values.count else { return false }
      return zip(values, others).allSatisfy { isSame($0, $1) }
    case .object(let members):
      guard let others = any as? [String: Any], others.count == members.count else { return false }
      return members.allSatisfy { member in
        others[String(decoding: member.name, as: UTF8.self)].map { isSame(member.value, $0) }
          ?? false
      }
    }
  }

  @Test("Members keep their order and their duplicates")
  func duplicates() {
    #expect(
      value(#"{"a":1,"b":2,"a":3,"":4}"#)
        == .members([("a", .int(1)), ("b", .int(2)), ("a", .int(3)), ("", .int(4))]))
  }

  @Test("Names in another order than before, or alike in length and beginning, are told apart")
  func order() {
    let objects = [
      ["ab", "abc", "", "device_id"], ["abc", "ab", "device_id", ""],
      ["ab", "abd", "", "device_ix"], ["ab", "abc", "", "device_id", "device_id0123456789"],
      ["ab", "abcd", "x", "device_id0123456788"], ["ab", "abce", "x", "device_id0123456789"],
    ]
    let json = objects.map { names in
      "{" + names.map { "\"\($0)\":1" }.joined(separator: ",") + "}"
    }
    let expected = objects.map { DecodedValue.members($0.map { ($0, .int(1)) }) }
    #expect(value("[" + json.joined(separator: ",") + "]") == .array(expected))
  }

  @Test(
    "What JSON.parse takes and simdjson refuses is mended",
    arguments: [
      (#""\ud800""#, .text("\u{FFFD}")), (#""\udc00x""#, .text("\u{FFFD}x")),
      (#""\ud800\u0041""#, .text("\u{FFFD}A")), (#""\ud83d\ude00\ud83d""#, .text("😀\u{FFFD}")),
      (#""\ud83d\ud83d\ude00""#, .text("\u{FFFD}😀")), (#""\\ud800""#, .text("\\ud800")),
      (#""\\\ud800""#, .text("\\\u{FFFD}")), (#"{"\udfff":1}"#, .members([("\u{FFFD}", .int(1))])),
      ("123456789012345678901", .double(1.2345678901234568e20)),
      ("-123456789012345678901", .double(-1.2345678901234568e20)),
      ("18446744073709551616", .double(18446744073709551616)),
      ("1e400", .double(.greatestFiniteMagnitude)), ("-1E+400", .double(-.greatestFiniteMagnitude)),
      ("[1e400,-1.5,7]", .array([.double(.greatestFiniteMagnitude), .double(-1.5), .int(7)])),
      (#"["1e400",1e400]"#, .array([.text("1e400"), .double(.greatestFiniteMagnitude)])),
      (
        #"[9223372036854775807,-9223372036854775808,1e999]"#,
        .array([.int(.max), .int(.min), .double(.greatestFiniteMagnitude)])
      ),
    ] as [(String, DecodedValue)])
  func repaired(_ json: String, _ expected: DecodedValue) {
    let (found, bench) = DecodeBench.value(Array(json.utf8))
    #expect(found == expected)
    #expect(bench.counters.jsonRepaired.count == 1 || json.contains("\\\\ud800\""))
    #expect(bench.counters.jsonInvalid.count == 0)
  }

  @Test(
    "Numbers keep their kind",
    arguments: [
      ("0", .int(0)), ("-1", .int(-1)), ("9223372036854775807", .int(.max)),
      ("9223372036854775808", .double(9223372036854775808)),
      ("18446744073709551615", .double(18446744073709551616)), ("1.0", .double(1)),
      ("1e2", .double(100)), ("1e-400", .double(0)), ("5e-324", .double(.leastNonzeroMagnitude)),
    ] as [(String, DecodedValue)])
  func numbers(_ json: String, _ expected: DecodedValue) {
    #expect(value(json) == expected)
  }

  @Test(
    "What JSON.parse refuses stays text",
    arguments: [
      "", " ", "+1", "01", "1.", ".5", "1e", "-", "0x1", "NaN", "Infinity", "nul", "True", "'a'",
      "\"a", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "[1,]", "[,1]", "{\"a\":1,}",
      "{a:1}",
      "{\"a\"}", "[1 2]", "[", "]", "{", "}", "[}", "1 2", "\u{FEFF}1", "[1]x", "1e400x",
      "\"\\ud800",
      "[+1e400]", "[01e400]", "\u{0}", "[1]\u{0}", "--1e400",
    ])
  func refused(_ json: String) {
    let (found, bench) = DecodeBench.value(Array(json.utf8))
    #expect(found == .text(json))
    #expect(bench.counters.jsonInvalid.count == 1)
  }

  @Test(
    "Bytes that are no UTF-8 become U+FFFD, as the standard library replaces them",
    arguments: [
      [0xFF], [0xC3], [0xC0, 0x80], [0x61, 0xE2, 0x82, 0x62], [0xED, 0xA0, 0x80],
      [0xF0, 0x9F, 0x98],
      [0xF4, 0x90, 0x80, 0x80], [0xE0, 0x80, 0xAF], [0xF8, 0x88, 0x80], [0xC3, 0xA9, 0xC3],
    ] as [[UInt8]])
  func invalidUTF8(_ bytes: [UInt8]) {
    let quoted = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
    #expect(DecodeBench.value(quoted).value == .text(String(decoding: bytes, as: UTF8.self)))
    // Outside a string it cannot be mended, and what stays is still text.
    #expect(
      DecodeBench.value(quoted + bytes).value
        == .text(String(decoding: quoted + bytes, as: UTF8.self)))
  }

  @Test("NUL characters are characters like any other")
  func nul() {
    #expect(value(#"{"a\u0000b":"\u0000"}"#) == .members([("a\u{0}b", .text("\u{0}"))]))
    let decoded = DecodeBench.batch([("a\u{0}", "\u{0}b\u{0}")])
    #expect(decoded.root == .members([("a\u{0}", .text("\u{0}b\u{0}"))]))
  }

  @Test("Nesting is followed for 64 levels")
  func depth() {
    func nested(_ levels: Int) -> [UInt8] {
      Array(
        (String(repeating: "[", count: levels) + "1" + String(repeating: "]", count: levels)).utf8)
    }
    let (deep, bench) = DecodeBench.value(nested(Int(TALLY_JSON_DEPTH_MAX)))
    guard case .array = deep else { return #expect(Bool(false), "64 levels were refused") }
    #expect(bench.counters.jsonLimited.count == 0)
    for levels in [65, 66, 1_000, 100_000] {
      let (found, bench) = DecodeBench.value(nested(levels))
      #expect(found == .string(nested(levels)))
      #expect(bench.counters.jsonLimited.count == 1)
    }
    let objects = String(repeating: #"{"a":"#, count: 100_000)
    #expect(value(objects) == .text(objects))
    let open = String(repeating: "[", count: 100_000)
    #expect(value(open) == .text(open))
  }

  @Test("A text of too many values stays text")
  func manyValues() {
    func list(_ values: Int) -> [UInt8] {
      Array(("[" + Array(repeating: "0", count: values).joined(separator: ",") + "]").utf8)
    }
    let (found, _) = DecodeBench.value(list(Int(TALLY_JSON_TEXT_NODES_MAX) - 1))
    guard case .array(let values) = found else { return #expect(Bool(false), "the limit is lower") }
    #expect(values.count == Int(TALLY_JSON_TEXT_NODES_MAX) - 1)
    let (refused, bench) = DecodeBench.value(list(Int(TALLY_JSON_TEXT_NODES_MAX)))
    #expect(refused == .string(list(Int(TALLY_JSON_TEXT_NODES_MAX))))
    #expect(bench.counters.jsonLimited.count == 1)
  }

  @Test("A batch of too many values keeps the rest as text")
  func fullBatch() {
    let bench = DecodeBench()
    bench.begin()
    let list = Array(
      ("[" + Array(repeating: "0", count: 250_000).joined(separator: ",") + "]").utf8)
    for _ in 0..<12 { bench.append([("v", list)]) }
    let view = bench.finish()
    #expect(view.header.n_nodes < TALLY_JSON_BATCH_NODES_MAX)
    #expect(bench.counters.jsonLimited.count > 0)
    #expect(view.root(11) == .members([("v", .string(list))]))
    bench.begin()
    bench.append([("v", Array("[0]".utf8))])
    #expect(bench.finish().root(0) == .members([("v", .array([.int(0)]))]))
  }

  @Test("Ten megabytes are taken, whatever is in them")
  func large() {
    let count = 10_000_000
    let text = String(repeating: "x", count: count)
    #expect(value("\"\(text)\"") == .text(text))
    #expect(value("{\"a\":\"\(text)\"") == .text("{\"a\":\"\(text)\""))
    let escapes = String(repeating: #"\ud800"#, count: count / 6)
    #expect(value("\"\(escapes)\"") == .text(String(repeating: "\u{FFFD}", count: count / 6)))
    for unit in ["[", "{\"", "0,", "\\", "1e400,", "\u{0}", "\"\","] {
      let bytes = Array(String(repeating: unit, count: count / unit.utf8.count).utf8)
      #expect(DecodeBench.value(bytes).value == .string(bytes))
    }
  }
}
