import Store
import TestThreads
import Testing

@testable import Host

/// Answers that are handed out again, and only as long as they are right.
@Suite(.serialized, .ownThread) struct ReadCacheTests {
  private func question(_ number: Int) -> ReadCache.Question {
    ReadCache.Question(
      reader: ObjectIdentifier(Self.self), route: 1, app: 1, parameters: ["n": "\(number)"],
      minute: 0)
  }

  private func reply(_ bytes: Int, status: Int = 200) -> QueryReply {
    QueryReply(status: status, body: [UInt8](repeating: 65, count: bytes))
  }

  @Test("An answer is there for its version of the data, and for no other")
  func versions() {
    let cache = ReadCache()
    #expect(cache.reply(to: question(1), version: 7) == nil)
    cache.keep(reply(10), to: question(1), version: 7)
    #expect(cache.reply(to: question(1), version: 7)?.body.count == 10)
    #expect(cache.reply(to: question(2), version: 7) == nil)
    #expect(cache.reply(to: question(1), version: 8) == nil)
    // Who read before the commit and was slow does not bring the old answer back.
    cache.keep(reply(20), to: question(1), version: 8)
    cache.keep(reply(30), to: question(1), version: 7)
    #expect(cache.reply(to: question(1), version: 8)?.body.count == 20)
    #expect(cache.numbers.hits == 2 && cache.numbers.misses == 3)
  }

  @Test("It holds so many bytes, lets the oldest go first, and keeps no refusal and nothing huge")
  func bounds() {
    let cache = ReadCache()
    cache.keep(reply(10, status: 400), to: question(0), version: 1)
    cache.keep(reply(ReadCache.answerBytesMax), to: question(0), version: 1)
    #expect(cache.numbers.bytes == 0)
    for number in 1...100 { cache.keep(reply(512 << 10), to: question(number), version: 1) }
    #expect(cache.numbers.bytes <= ReadCache.bytesMax)
    #expect(cache.numbers.evictions >= 68)
    #expect(cache.reply(to: question(1), version: 1) == nil)
    #expect(cache.reply(to: question(100), version: 1) != nil)
  }

  @Test("Whatever is sent or changed between two questions, the answer is that of the data")
  func neverStale() throws {
    let stand = try Stand(worker)
    let core = stand.core
    var seen: Set<String> = []
    for round in 1...20 {
      try stand.send(#"{"begin_session":1,"ignore_cooldown":1}"#, device: "d\(round)")
      for method in ["users", "countries"] {
        let first = stand.ask(["method": method, "period": "30days"])
        #expect(stand.ask(["method": method, "period": "30days"]) == first)
        #expect(seen.insert(method + first.body).inserted, "round \(round): \(first.body)")
      }
      let before = core.store.dataVersion
      try core.store.audit(
        AuditLine(atMs: 1, plugin: "", member: "", app: 0, action: "a", detail: ""))
      #expect(core.store.dataVersion > before, "administration is data too")
    }
    // The store commits by itself now and then, and a minute ends.
    #expect(core.reads.numbers.hits >= 30, "of 40")
  }
}
