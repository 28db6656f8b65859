import Testing

@testable import Store

@Suite("Event documents")
struct EventDocumentTests {
  private let metric = ExampleMetrics.events
  private let period = Period.at("2025-03-14", "30days")

  /// Seven purchases at nine o'clock for 4.5, two of them with a market.
  private func purchases() throws -> ReadingFixture {
    let fixture = try ReadingFixture()
    let day = ordinal("2025-03-14")
    let total = try fixture.series(metric, subject: "buy")
    try fixture.counter(total, .hour, day * 24 + 9, [7, 450_000])
    try fixture.counter(total, .day, day, [7, 450_000])
    let german = try fixture.series(metric, subject: "buy", dimension: "market", value: "de")
    try fixture.counter(german, .day, day, [1, 100_000])
    let version = try fixture.series(metric, subject: "buy", dimension: "version", value: "1:0")
    try fixture.counter(version, .day, day, [2, 0, 1])
    let british = try fixture.series(metric, subject: "buy", dimension: "market", value: "uk")
    try fixture.counter(british, .day, day, [1])
    return fixture
  }

  @Test("The total holds counts and sums, and meta names the segments")
  func total() throws {
    let level = #""c":7,"s":4.5"#
    #expect(
      try purchases().document(metric, subject: "buy", period: period)
        == #"{"2025":{"3":{"14":{"9":{\#(level)},\#(level)},\#(level)},\#(level)},"#
        + #""meta":{"segments":["market","version"]}}"#
    )
  }

  @Test("With a segment each level holds its values, and meta lists them")
  func bySegment() throws {
    let level = #""de":{"c":1,"s":1},"uk":{"c":1}"#
    #expect(
      try purchases().document(metric, subject: "buy", dimension: "market", period: period)
        == #"{"2025":{"3":{"14":{\#(level)},\#(level)},\#(level)},"#
        + #""meta":{"segments":["market","version"],"market":["de","uk"]}}"#
    )
  }

  @Test("A segment's value may be called like a measure")
  func measureNames() throws {
    let fixture = try ReadingFixture()
    let series = try fixture.series(metric, subject: "buy", dimension: "unit", value: "c")
    try fixture.counter(series, .day, ordinal("2025-03-14"), [3])
    let text = try fixture.document(
      metric, subject: "buy", dimension: "unit", period: period, options: .withoutMeta)
    #expect(text == #"{"2025":{"3":{"14":{"c":{"c":3}},"c":{"c":3}},"c":{"c":3}}}"#)
  }

  @Test("A segment that nobody sent is nothing")
  func unknownSegment() throws {
    #expect(
      try purchases().document(metric, subject: "buy", dimension: "colour", period: period) == "{}")
  }

  @Test("A duration of the smallest unit is a plain decimal")
  func smallestUnit() throws {
    let level = #""2":"#
    let fixture = try ReadingFixture()
    let series = try fixture.series(metric, subject: "buy")
    try fixture.counter(series, .day, ordinal("2025-03-02"), [1, -1, 1])
    let sums = #""c":1,"s":-0.00001,"dur":0.00001"#
    #expect(
      try fixture.document(metric, subject: "buy", period: period, options: .withoutMeta)
        == #"{"2025":{"3":{\#(level){\#(sums)},\#(sums)},\#(sums)}}"#)
  }

  @Test("Sums stop at the largest number")
  func saturation() throws {
    let fixture = try ReadingFixture()
    let series = try fixture.series(metric, subject: "buy")
    try fixture.counter(series, .day, ordinal("2025-03-02"), [.max])
    try fixture.counter(series, .day, ordinal("2025-03-03"), [.max])
    let text = try fixture.document(metric, subject: "buy", period: period, options: .withoutMeta)
    #expect(text.hasSuffix(#""c":9223372036854775807},"c":9223372036854775807}}"#))
  }

  @Test("Names are escaped for HTML, once, unless that is turned off")
  func escaping() throws {
    let fixture = try ReadingFixture()
    let series = try fixture.series(
      metric, subject: "buy", dimension: "<b>", value: "R&D \"x\" 'y' &lt;\n")
    try fixture.counter(series, .day, ordinal("2025-03-14"), [1])
    let escaped = try fixture.document(metric, subject: "buy", dimension: "<b>", period: period)
    let value = #""R&amp;D &quot;x&quot; &#39;y&#39; &lt;\u000a""#
    #expect(escaped.contains(#"\#(value):{"c":1}"#))
    #expect(escaped.hasSuffix(#""meta":{"segments":["&lt;b&gt;"],"&lt;b&gt;":[\#(value)]}}"#))
    let plain = try fixture.document(
      metric, subject: "buy", dimension: "<b>", period: period, options: .unescaped)
    #expect(plain.contains(#""R&D \"x\" 'y' &lt;\u000a":{"c":1}"#))
  }
}

@Suite("JSON text")
struct JSONWriterTests {
  @Test(
    "Decimals have the fewest digits and no exponent",
    arguments: [
      (Int64(0), 5, "0"), (1, 5, "0.00001"), (-1, 5, "-0.00001"), (100_000, 5, "1"),
      (450_000, 5, "4.5"),
      (123_456, 5, "1.23456"), (-1_050_000, 5, "-10.5"), (7, 0, "7"), (-10, 0, "-10"),
      (10, 0, "10"),
      (.max, 5, "92233720368547.75807"), (.min, 0, "-9223372036854775808"), (1_000_000, 5, "10"),
    ])
  func numbers(value: Int64, scale: Int, text: String) {
    var writer = JSONWriter()
    writer.number(value, scale: scale)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
  }

  @Test("Commas stand between members and nowhere else")
  func commas() {
    var writer = JSONWriter()
    writer.open(.object)
    writer.key("a{")
    writer.open(.array)
    writer.string("[")
    writer.number(1)
    writer.open(.object)
    writer.close(.object)
    writer.string("")
    writer.close(.array)
    writer.key("b:")
    writer.number(2)
    writer.close(.object)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a{":["[",1,{},""],"b:":2}"#)
  }

  @Test("Control characters and backslashes are escaped, other text is left as it is")
  func strings() {
    var bytes: [UInt8] = []
    JSONWriter.append("\u{0}\u{1F}\\ü😀/\u{7F}", to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == #""\u0000\u001f\\ü😀/"# + "\u{7F}\"")
  }

  @Test("Only the five entities pass as escaped")
  func entities() {
    var bytes: [UInt8] = []
    JSONWriter.append("&amp;&lt;&gt;&quot;&#39;&copy;&amp &", to: &bytes)
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #""&amp;&lt;&gt;&quot;&#39;&amp;copy;&amp;amp &amp;""#)
  }
}
