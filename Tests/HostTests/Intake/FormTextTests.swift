import Harness
import Testing

@testable import Host

@Suite("Form text")
struct FormTextTests {
  /// What the value of `v` becomes, and whether it was repaired.
  private func value(_ raw: [UInt8]) -> (text: String?, repaired: Int) {
    let bench = IntakeBench()
    let body = Array("app_key=0f1e2d3c4b5a&device_id=d&v=".utf8) + raw
    let admission = bench.admit(Array("/i".utf8), body: body)
    return (admission.items.first?.parameters["v"], bench.metrics.valuesRepaired.count)
  }

  @Test(
    "Escapes are resolved and malformed ones kept",
    arguments: [
      ("", ""), ("a+b", "a b"), ("%41%62", "Ab"), ("%2B%26%3d", "+&="), ("%", "%"), ("%4", "%4"),
      ("%zz", "%zz"), ("%4g", "%4g"), ("%%41", "%A"), ("a=b", "a=b"), ("%C3%A9", "é"), ("é", "é"),
      ("%F0%9F%98%80", "😀"), ("%00", "\u{0}"), ("%e2%82%ac", "€"),
    ])
  func escapes(_ raw: String, _ expected: String) {
    let (text, repaired) = value(Array(raw.utf8))
    #expect(text == expected)
    #expect(repaired == 0)
  }

  @Test(
    "Invalid UTF-8 is repaired and counted, escaped or not",
    arguments: [
      ([0xFF], "\u{FFFD}"), ([0xC3], "\u{FFFD}"), ([0xC0, 0x80], "\u{FFFD}\u{FFFD}"),
      ([0x61, 0xE2, 0x82], "a\u{FFFD}"), ([0xF0, 0x9F, 0x98, 0x62], "\u{FFFD}b"),
      ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
      ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
    ] as [([UInt8], String)])
  func invalidUTF8(_ bytes: [UInt8], _ expected: String) {
    let escaped = bytes.flatMap { byte in
      Array("%".utf8) + Array((byte < 16 ? "0" : "").utf8) + Array(String(byte, radix: 16).utf8)
    }
    for raw in [bytes, escaped] {
      let (text, repaired) = value(raw)
      #expect(text.map { Array($0.unicodeScalars) } == Array(expected.unicodeScalars))
      #expect(repaired == 1)
    }
  }

  /// One byte after the other, as the rule is read, and repaired.
  private func plain(_ raw: [UInt8]) -> [UInt8] {
    var (bytes, place) = ([UInt8](), 0)
    while place < raw.count {
      let digits = raw[place...].dropFirst().prefix(2)
      let isHex = digits.count == 2 && digits.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
      switch raw[place] {
      case UInt8(ascii: "%") where isHex:
        bytes.append(UInt8(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0)
        place += 2
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      default: bytes.append(raw[place])
      }
      place += 1
    }
    // Pieces that stand together may spell a byte that is no UTF-8.
    return Array(String(decoding: bytes, as: UTF8.self).utf8)
  }

  /// What the processor's own way and the portable one make of a text; they agree.
  private func decoded(_ raw: [UInt8]) -> [UInt8] {
    let (buffer, other) = (EntryBuffer(capacity: 16), EntryBuffer(capacity: 16))
    raw.withUnsafeBytes { raw in
      let isASCII = FormText.unescape(raw, into: buffer)
      #expect(FormText.unescapeByPieces(raw, into: other) == isASCII)
      #expect(other.withBytes { Array($0) } == buffer.withBytes { Array($0) })
      if !isASCII { _ = UTF8Text.repair(buffer, from: 0) }
    }
    return buffer.withBytes { Array($0) }
  }

  @Test("An escape is found wherever it stands in a text of whatever length")
  func places() {
    for length in 0...200 {
      for escape in ["%41", "+", "%", "%4", "%%41", "%C3%A9%22%3A", "%zz%2"] {
        let raw = Array(repeating: UInt8(ascii: "x"), count: length) + Array(escape.utf8)
        for tail in ["", "y", String(repeating: "z", count: 70)] {
          #expect(decoded(raw + Array(tail.utf8)) == plain(raw + Array(tail.utf8)), "\(length)")
        }
      }
    }
  }

  @Test("Any text is decoded as one byte after the other would be")
  func streams() {
    var random = SeededGenerator(seed: 7)
    let pieces = ["%22", "%3a", "%7B", "+", "%", "%g1", "a", "event", "0123456789abcdefghij"]
    for _ in 0..<2_000 {
      let count = Int.random(in: 0...60, using: &random)
      let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
      #expect(decoded(Array(text.utf8)) == plain(Array(text.utf8)), "\(text)")
    }
  }

  @Test("Empty pairs are skipped, a name without a value is empty")
  func oddPairs() {
    let admission = IntakeBench().get("&&app_key=0f1e2d3c4b5a&&device_id=d&flag&=x&%6eame=1&")
    #expect(admission.items.first?.parameters == ["flag": "", "": "x", "name": "1"])
  }

  @Test("A name that is no UTF-8 is repaired, with escapes in it or without")
  func names() {
    for name: [UInt8] in [[0xFF], [0x61, 0xED, 0xA0, 0x80], [0x25, 0x46, 0x46]] {
      let target = Array("/i?app_key=0f1e2d3c4b5a&device_id=d&".utf8) + name + Array("=1".utf8)
      let item = IntakeBench().admit(target, body: nil).items.first
      #expect(item?.parameters.values.contains("1") == true)
      #expect(item?.names.allSatisfy { String(validating: $0, as: UTF8.self) != nil } == true)
    }
  }

  @Test("Names sent over and over, among as many as there may be, cost no more than others")
  func repeatedNames() {
    let names = (0..<990).map { "n\($0)=\($0)" }.joined(separator: "&")
    let again = String(repeating: "&n989=x&n500=y", count: 150_000)
    let bench = IntakeBench()
    let elapsed = ContinuousClock().measure {
      let item = bench.post("app_key=0f1e2d3c4b5a&device_id=d&\(names)\(again)").items.first
      #expect(item?.parameters.count == 990)
      #expect(item?.parameters["n989"] == "x")
      #expect(item?.parameters["n500"] == "y")
      #expect(item?.parameters["n0"] == "0")
    }
    #expect(elapsed < .seconds(5), "\(elapsed)")
  }

  @Test("Validity agrees with the standard library on every short sequence of lead bytes")
  func validity() {
    let interesting: [UInt8] = [
      0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC,
      0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ]
    for a in interesting {
      for b in interesting {
        for c in interesting {
          for d in [0x41, 0x80, 0xBF, 0xC2] as [UInt8] {
            let bytes = [a, b, c, d]
            let expected = String(validating: bytes, as: UTF8.self) != nil
            #expect(bytes.withUnsafeBytes { UTF8Text.isValid($0) } == expected, "\(bytes)")
          }
        }
      }
    }
  }
}
