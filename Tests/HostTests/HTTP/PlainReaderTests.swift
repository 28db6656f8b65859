import Testing

@testable import Host

/// The same bytes past the decoder and through it: whatever is sent, both ways must answer, take in
/// and end alike, or one server behind another could be made to see other requests than its peer.
@Suite("Requests past the decoder", .timeLimit(.minutes(2)))
struct PlainReaderTests {
  typealias Bench = ServerBench

  /// Fills a body that is announced longer than it is, and ends the connection.
  private static let ending =
    String(repeating: "\r\n", count: 2_048) + Bench.get("/i", "Connection: close")

  /// All answers to `text` and what ends it.
  private static func answers(_ bench: Bench, _ text: [UInt8], decoded: Bool) throws -> String {
    let client = try bench.client()
    if decoded {
      // A field of no meaning that is not plain: the decoder keeps the connection.
      client.send(Bench.get("/i", "Connection: x"))
      #expect(try client.replies(1)[0].hasPrefix("400"))
    }
    client.send(text + Array(Self.ending.utf8))
    return client.rest()
  }

  @Test("Damaged and odd requests are answered as the decoder has them answered")
  func sameAsDecoder() async throws {
    try await Bench.run { bench in
      for seed in 1...500 as ClosedRange<UInt64> {
        var requests = OddRequests(seed: seed)
        let text = requests.next()
        var (seen, items): ([String], [Int]) = ([], [])
        for decoded in [false, true] {
          let before = bench.metrics.itemsAccepted.count
          seen.append(try Self.answers(bench, text, decoded: decoded))
          items.append(bench.metrics.itemsAccepted.count - before)
        }
        #expect(seen[0] == seen[1], "seed \(seed): \(String(decoding: text, as: UTF8.self))")
        #expect(items[0] == items[1], "seed \(seed): \(String(decoding: text, as: UTF8.self))")
      }
    }
  }

  @Test("A connection goes on past the decoder after requests in pieces and of others")
  func mixed() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      let success = Bench.success
      for round in 1...3 {
        client.send(Bench.post("/i", "\(Bench.ids)&a=\(round)"))
        let whole = Bench.post("/i", "\(Bench.ids)&b=\(round)")
        client.send(String(whole.dropLast(5)))
        bench.pause(milliseconds: 20)
        client.send(whole.suffix(5) + Bench.get("/o/ping") + Bench.post("/o/echo", "echo"))
        client.send(Bench.get("/i?\(Bench.ids)"))
        #expect(try client.replies(5) == [success, success, "200 pong", "200 echo", success])
      }
      #expect(bench.metrics.itemsAccepted.count == 9)
    }
  }
}

/// One or two requests of the lane with bytes changed and lines added; one seed repeats them.
private struct OddRequests {
  private var random: SeededDocuments

  private static let fields = [
    "Content-Length: 5", "Content-Length: 0", "Transfer-Encoding: chunked", "Connection: close",
    "Connection: keep-alive", "Expect: 100-continue", "Upgrade: h2c", "Content-Type: text/plain",
    "Content-Type: application/json", " folded", "Proxy-Connection: close", "A b: c", "X-A:",
    "Content-Length: 4, 4", "Connection: Upgrade", "Keep-Alive: 5", "Trailer: X", "Host: y",
  ]
  private static let bytes = Array("\r\n\0\t :;,%&=+?/#@A0\u{7f}".utf8) + [0x80, 0xFF]

  init(seed: UInt64) { random = SeededDocuments(seed: seed) }

  mutating func next() -> [UInt8] {
    var text = Array(request().utf8)
    for _ in 0..<random.int(0...2) { damage(&text) }
    return text + (random.int(0...1) == 0 ? Array(request().utf8) : [])
  }

  private mutating func request() -> String {
    let extra = (0..<random.int(0...2)).map { _ in random.pick(Self.fields) }
    let target = random.pick(["/i", "/i?\(ServerBench.ids)", "/i/", "/i/bulk", "/i/bulk?a"])
    guard random.int(0...2) > 0 else { return ServerBench.request("GET", target, extra, body: nil) }
    let body = random.pick([ServerBench.ids, "{\"app_key\":\"0f1e2d3c4b5a\"}", "", "a=1"])
    return ServerBench.request("POST", target, extra, body: body)
  }

  private mutating func damage(_ text: inout [UInt8]) {
    let place = random.int(0...text.count - 1)
    switch random.int(0...3) {
    case 0: text[place] = random.pick(Self.bytes)
    case 1: text.insert(random.pick(Self.bytes), at: place)
    case 2: text.remove(at: place)
    default: text.removeSubrange(place..<min(text.count, place + random.int(1...8)))
    }
  }
}
