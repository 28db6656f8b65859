import Foundation
import Testing

@testable import Store

@Suite("Raw items are read back as they came")
struct RawReaderTests {
  private static let may: Int64 = 1_748_735_999_000
  private static let june: Int64 = 1_748_736_000_000

  private struct Sent: Equatable {
    let position: UInt64
    let item: UInt32
    let receivedMs: Int64
    let body: [UInt8]
    let facts: [UInt8]
  }

  /// Bodies of very different lengths, over a month's end, with a clock that steps back.
  private func stream(_ count: Int, seed: UInt64) -> [Sent] {
    var state = seed
    func next(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    return (0..<count).map { number in
      let length = next(20) == 0 ? next(100_000) : next(600)
      return Sent(
        position: UInt64(number / 3 + 1), item: UInt32(number % 3),
        receivedMs: next(3) == 0 ? Self.may : Self.june,
        body: (0..<length).map { _ in UInt8(next(256)) }, facts: Array("f\(number)".utf8))
    }
  }

  private func write(_ sent: [Sent], to fixture: StoreFixture, flushEvery: Int) throws {
    for (number, item) in sent.enumerated() {
      item.body.withUnsafeBytes { body in
        item.facts.withUnsafeBytes { facts in
          fixture.set.appendRaw(
            position: item.position, item: item.item, app: item.item + 1, uid: 7,
            timestampMs: item.receivedMs - 1, receivedMs: item.receivedMs, body: body, facts: facts)
        }
      }
      if number % flushEvery == flushEvery - 1 { try fixture.flush() }
    }
    try fixture.flush()
  }

  private func readAll(
    _ fixture: StoreFixture, after: RawKey, through: UInt64, bytesMax: Int
  ) throws -> [Sent] {
    let reader = RawReader(fixture.store)
    var (found, last) = ([Sent](), after)
    while true {
      let items = try reader.items(after: last, through: through, bytesMax: bytesMax)
      guard let end = items.last else { return found }
      last = end.key
      found += items.map {
        Sent(
          position: $0.key.position, item: $0.key.item, receivedMs: $0.receivedMs, body: $0.body,
          facts: $0.facts)
      }
      #expect(items.allSatisfy { $0.app == $0.key.item + 1 && $0.user == 7 })
      #expect(items.allSatisfy { $0.timestampMs == $0.receivedMs - 1 })
    }
  }

  @Test("Everything, in order, over blocks, flushes, months and steps of the clock")
  func all() throws {
    for seed in UInt64(1)...4 {
      let fixture = try StoreFixture()
      let sent = stream(240, seed: seed)
      try write(sent, to: fixture, flushEvery: 90)
      let start = RawKey(position: 0, item: 0)
      // Position 1, item 0 is behind the very first key.
      let first = RawKey(rawValue: start.rawValue - 1)
      #expect(try readAll(fixture, after: first, through: 1_000, bytesMax: 40_000) == sent)
      #expect(try readAll(fixture, after: first, through: 1_000, bytesMax: 1) == sent)
    }
  }

  @Test("From the middle of a block, up to a position")
  func part() throws {
    let fixture = try StoreFixture()
    let sent = stream(120, seed: 9)
    try write(sent, to: fixture, flushEvery: 1_000)
    let from = RawKey(position: 7, item: 1)
    #expect(
      try readAll(fixture, after: from, through: 20, bytesMax: 10_000)
        == sent.filter { ($0.position, $0.item) > (7, 1) && $0.position <= 20 })
  }

  @Test("A block whose bytes changed is refused, not read")
  func damage() throws {
    let fixture = try StoreFixture()
    try write(stream(50, seed: 3), to: fixture, flushEvery: 1_000)
    let path = try #require(RawFiles.paths(in: fixture.store.rawDirectory).last)
    let file = try SQLiteConnection(path: path, mode: .readWrite)
    try file.execute("UPDATE raw SET checksum = checksum + 1")
    let reader = RawReader(fixture.store)
    let error = #expect(throws: StoreError.self) {
      try reader.items(after: RawKey(position: 0, item: 0), through: 100, bytesMax: 1_000)
    }
    #expect(
      error?.message
        == "a block of raw items is damaged; run `tally verify`, then restore from a backup")
  }
}
