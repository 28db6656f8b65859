import Testing

@testable import UserAgent

struct AgentCacheTests {
  /// A cache and how often it had to read.
  private struct Fixture {
    var cache: AgentCache
    var reads = 0

    init(limit: Int) {
      cache = AgentCache(limit: limit)
    }

    mutating func find(_ text: String) -> String {
      var reads = 0
      let agent = Array(text.utf8).withUnsafeBytes { bytes in
        cache.agent(bytes) { text in
          reads += 1
          return Agent(Array(text), [.browser: String(decoding: text, as: UTF8.self)])
        }
      }
      self.reads += reads
      return agent.value(.browser) ?? ""
    }
  }

  @Test("What was read is remembered, and every text means itself")
  func remembers() {
    var fixture = Fixture(limit: 4_096)
    let texts = (0..<1_000).map { "agent/\($0)" }
    for _ in 0..<3 {
      for text in texts where fixture.find(text) != text { Issue.record("\(text)") }
    }
    #expect(fixture.reads == 1_000)
    #expect(fixture.cache.evictions == 0)
  }

  @Test("More texts than there are places are all read right, and give up places")
  func bounded() {
    var fixture = Fixture(limit: 16)
    for number in 0..<500 {
      let text = "agent/\(number)"
      if fixture.find(text) != text { Issue.record("\(text)") }
    }
    #expect(fixture.reads == 500)
    #expect(fixture.cache.places < 64)
    #expect(fixture.cache.evictions == 500 - fixture.cache.places)
  }

  @Test("What is asked for again and again stays, whatever passes by")
  func keepsTheUsed() {
    var fixture = Fixture(limit: 16)
    _ = fixture.find("used")
    for number in 0..<500 {
      _ = fixture.find("passing/\(number)")
      let before = fixture.reads
      _ = fixture.find("used")
      // It has just been moved in front of where newcomers go, after its first call.
      if number > 3 { #expect(fixture.reads == before, "\(number)") }
    }
  }

  @Test("Texts that differ in one byte have other hashes")
  func hashes() {
    var seen: Set<UInt64> = []
    for length in 0..<40 {
      for place in 0..<max(length, 1) {
        var text = [UInt8](repeating: 0x61, count: length)
        if length > 0 { text[place] = 0x62 }
        seen.insert(text.withUnsafeBytes { AgentCache.hash($0) })
      }
    }
    #expect(seen.count == 1 + (1..<40).reduce(0, +))
  }

  @Test("A remembered user agent costs little", .enabled(if: Self.isMeasured))
  func cost() {
    var cache = AgentCache(limit: 4_096)
    let texts = (0..<1_000).map { number in
      Array(
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
          + "Chrome/\(number).0.6099.71 Safari/537.36").utf8)
    }
    func pass() {
      for text in texts {
        text.withUnsafeBytes { text in _ = cache.agent(text) { Agent(Array($0), [:]) } }
      }
    }
    pass()
    let took = ContinuousClock().measure { for _ in 0..<1_000 { pass() } }
    #expect(took / 1_000_000 < .nanoseconds(300), "\(took / 1_000_000)")
  }

  /// Only optimised code is worth measuring.
  private static var isMeasured: Bool {
    var isDebug = false
    assert(
      {
        isDebug = true
        return true
      }())
    return !isDebug
  }
}
