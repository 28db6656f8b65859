import Testing

@testable import UserAgent

struct AgentReaderTests {
  private static let browsers: [(agent: String, says: [Agent.Field: String])] = [
    (
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/120.0.6099.71 Safari/537.36",
      [
        .browser: "Chrome", .browserVersion: "120.0", .os: "Windows", .osVersion: "10",
        .deviceType: "desktop",
      ]
    ),
    (
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        + "Version/17.1 Safari/605.1.15",
      [
        .browser: "Safari", .browserVersion: "17.1", .os: "macOS", .osVersion: "10.15",
        .device: "Mac", .deviceType: "desktop",
      ]
    ),
    (
      "Mozilla/5.0 (iPad; CPU OS 16_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        + "Version/16.3 Mobile/15E148 Safari/604.1",
      [
        .browser: "Mobile Safari", .browserVersion: "16.3", .os: "iOS", .osVersion: "16.3",
        .device: "iPad", .deviceType: "tablet",
      ]
    ),
    (
      "Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/116.0.0.0 Mobile Safari/537.36",
      [
        .browser: "Chrome Mobile", .browserVersion: "116.0", .os: "Android", .osVersion: "13",
        .device: "Pixel 7", .deviceType: "mobile",
      ]
    ),
    (
      "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/118.0",
      [.browser: "Firefox", .browserVersion: "118.0", .os: "Linux", .deviceType: "desktop"]
    ),
  ]

  @Test("Browsers say who they are, in the names that SDKs use")
  func known() throws {
    let reader = try Patterns.reader()
    for (agent, says) in Self.browsers {
      let read = reader.read(agent)
      for field in Agent.Field.allCases {
        #expect(read.value(field) == says[field], "\(field) of \(agent)")
      }
    }
  }

  @Test(
    "Crawlers are bots, by name; people are none",
    arguments: [
      (
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"
      ),
      (
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot"
      ),
      ("curl/7.88.1", nil), ("", nil), ("Mozilla/5.0", nil),
    ] as [(String, String?)])
  func bots(_ agent: String, _ name: String?) throws {
    #expect(try Patterns.reader().read(agent).value(.bot) == name)
  }

  @Test(
    "The patterns say what their own project demands of them", arguments: ["ua", "os", "device"])
  func examples(_ kind: String) throws {
    let reader = try Patterns.reader()
    let cases = try Patterns.cases(kind)
    #expect(cases.count > 400)
    // There are very many devices.
    for (place, one) in cases.enumerated() where kind != "device" || place % 16 == 0 {
      let agent = reader.read(one.agent)
      let family = one.family == "Other" ? nil : one.family
      switch kind {
      case "ua":
        #expect(agent.value(.browser) == family.map(Self.quoted), "\(one.agent)")
        #expect(agent.value(.browserVersion) == one.version, "\(one.agent)")
      case "os":
        #expect(agent.value(.os) == family.map { SystemName($0).text }, "\(one.agent)")
      default:
        #expect(agent.isBot == (family == "Spider"), "\(one.agent)")
        if !agent.isBot { #expect(agent.value(.device) == family.map(Self.quoted), "\(one.agent)") }
      }
    }
    #expect(reader.limited == 0, "a pattern was given up for a text that a client sends")
  }

  private static func quoted(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }

  @Test("Leaving out expressions whose text does not occur changes nothing")
  func requiredTexts() throws {
    let (fast, slow) = (try Patterns.reader(), try Patterns.reader(usesRequiredTexts: false))
    let cases = try Patterns.cases("ua") + Patterns.cases("device")
    for (place, one) in cases.enumerated() where place % 8 == 0 {
      for agent in [one.agent, one.agent.uppercased(), String(one.agent.reversed())] {
        let (a, b) = (fast.read(agent), slow.read(agent))
        for field in Agent.Field.allCases where a.value(field) != b.value(field) {
          Issue.record("\(field) of \(agent)")
        }
      }
    }
  }

  @Test(
    "What an expression must contain is found, and never too much",
    arguments: [
      ("(Chrome)/(\\d+)", "chrome"), ("Foo(?:Bar|Baz)", "foo"), ("Foo|Bar", ""),
      ("Foos?Bar", "foo"),
      ("Fo+bar", "bar"), ("(?!Foobar)Ab", "ab"), ("(?:Foobar)?Ab", "ab"),
      ("[Ff]oo\\.bar", "oo.bar"),
      ("Foob{0,2}ar", "foo"), ("Foob{2}ar", "foob"), ("a[^]xyz]bc", "bc"), ("(a(bcd)*ef)", "ef"),
      ("; *(Pixel 7) Build", "pixel 7"), ("(?i)Foo", "foo"), ("x{a}", "x{a}"), ("\\bFoo\\b", "foo"),
    ])
  func required(_ expression: String, _ text: String) {
    #expect(String(decoding: RequiredText.of(expression), as: UTF8.self) == text)
  }

  @Test("Texts made to be slow end in time, and are counted")
  func hostile() throws {
    let reader = try Patterns.reader()
    let pieces = [
      "a", " ", "/", ";", "1.", "Bot", "Android ", "; ; ", "((((", "Mozilla/5.0 ", "xX-",
    ]
    for piece in pieces {
      let text = String(String(repeating: piece, count: 512).prefix(512))
      let took = ContinuousClock().measure { _ = reader.read(text) }
      #expect(took < .seconds(1), "\(piece) took \(took)")
    }
  }

  @Test("Bytes that are no text are no harm")
  func bytes() throws {
    let reader = try Patterns.reader()
    for byte in UInt8.min...UInt8.max {
      let text =
        Array("Mozilla/5.0 (Linux; Android 13; ".utf8) + [byte, byte]
        + Array(") Chrome/1.2 Mobile".utf8)
      let agent = text.withUnsafeBytes { reader.read($0) }
      #expect(agent.value(.os) == "Android")
      let device = agent.value(.device) ?? ""
      #expect(!device.utf8.contains { $0 < 0x20 })
    }
  }
}
