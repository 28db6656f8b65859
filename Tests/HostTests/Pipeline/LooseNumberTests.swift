import Testing

@testable import Host

@Suite("Loose numbers")
struct LooseNumberTests {
  private func read(_ text: String) -> LooseNumber? {
    var text = text
    return text.withUTF8 { LooseNumber(UnsafeRawBufferPointer($0)) }
  }

  @Test(
    "Text that is a number is that number",
    arguments: [
      ("0", 0), ("-0", 0), ("7", 7), ("+7", 7), ("007", 7), ("  12", 12), ("12\t\n", 12),
      ("-12", -12), ("999999999999999", 999_999_999_999_999),
      ("1717243200123", 1_717_243_200_123), ("9223372036854775807", .max),
      ("-9223372036854775808", .min), ("0000000000000000000000005", 5),
    ] as [(String, Int64)])
  func whole(_ text: String, _ value: Int64) {
    #expect(read(text) == .whole(value))
  }

  @Test(
    "Decimals are the nearest double",
    arguments: [
      ("19.98", 19.98), ("-0.5", -0.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000), ("1E-2", 0.01),
      ("+1.5e+1", 15), ("1717243200.123", 1_717_243_200.123),
      ("0.1234567890123456789", 0.1234567890123456789),
      ("123456789012345678901", 1.2345678901234568e20), ("1e-400", 0),
      ("1e400", .greatestFiniteMagnitude), ("-1e400", -.greatestFiniteMagnitude),
      ("1e99999999999999999999999", .greatestFiniteMagnitude), ("0e99999999999999999", 0),
      ("1e-99999999999999999999999", 0),
    ] as [(String, Double)])
  func decimal(_ text: String, _ value: Double) {
    #expect(read(text) == .decimal(value))
  }

  @Test("Digits outweigh an exponent, and zeros too")
  func longTexts() {
    #expect(read("0." + String(repeating: "0", count: 400) + "1e50") == .decimal(0))
    #expect(
      read("1" + String(repeating: "0", count: 400) + "e-10")
        == .decimal(.greatestFiniteMagnitude))
    #expect(read("1" + String(repeating: "0", count: 400) + "e-400") == .decimal(1))
  }

  @Test(
    "Everything else is no number",
    arguments: [
      "", " ", "-", "+", ".", "e", "e5", "1e", "1e+", "--1", "+-1", "1_000", "1,5", "12abc", "0x10",
      "NaN", "Infinity", "-inf", "nan", "٣", "１", "1 2", "1.2.3", "true", "null", "\u{0}1",
      "1\u{0}",
      "-.", "-.e1",
    ])
  func none(_ text: String) {
    #expect(read(text) == nil)
  }

  @Test(
    "A count is whole and within what JavaScript's integers reach",
    arguments: [
      (.whole(3), 3), (.decimal(2.9), 2), (.decimal(-2.9), -2), (.whole(.max), 1 << 53),
      (.whole(.min), -(1 << 53)), (.decimal(1e300), 1 << 53), (.decimal(-1e300), -(1 << 53)),
      (.decimal(9_007_199_254_740_994), 1 << 53),
    ] as [(LooseNumber, Int64)])
  func counts(_ number: LooseNumber, _ count: Int64) {
    #expect(number.count == count)
  }

  @Test(
    "Units of 1e-5 are rounded half away from zero and saturate",
    arguments: [
      (.whole(2), 200_000), (.decimal(19.98), 1_998_000), (.decimal(0.1 + 0.2), 30_000),
      (.decimal(0.00001), 1), (.decimal(0.000004), 0), (.decimal(-0.01), -1_000),
      (.decimal(0.0000152587890625), 2), (.decimal(0.00000762939453125), 1),
      (.decimal(1.5 / 65_536), 2), (.whole(.max), .max), (.whole(.min), .min),
      (.decimal(1e300), .max), (.decimal(-1e300), .min),
      (.decimal(.greatestFiniteMagnitude), .max),
      (.whole(92_233_720_368_547), 9_223_372_036_854_700_000),
      (.whole(92_233_720_368_548), .max), (.whole(-92_233_720_368_548), .min),
    ] as [(LooseNumber, Int64)])
  func units(_ number: LooseNumber, _ units: Int64) {
    #expect(number.units == units)
  }

  @Test("Exactly half a unit goes away from zero, on both sides")
  func halves() {
    // Half a unit is no double, but times 100 000 the nearest one is exactly a half.
    #expect(LooseNumber.decimal(0.000005).units == 1)
    #expect(LooseNumber.decimal(-0.000005).units == -1)
    #expect(LooseNumber.decimal(0.000025).units == 3)
  }

  @Test("Decimals of five places survive, as text and as number")
  func fivePlaces() {
    for units in stride(from: Int64(-2_000_000), through: 2_000_000, by: 7) {
      let (whole, rest) = abs(units).quotientAndRemainder(dividingBy: 100_000)
      let text = "\(units < 0 ? "-" : "")\(whole)." + String(100_000 + rest).dropFirst()
      guard read(text)?.units == units, LooseNumber.decimal(Double(text) ?? 0).units == units else {
        Issue.record("\(text) became \(String(describing: read(text)?.units))")
        return
      }
    }
  }
}
