import Foundation
import Testing

@testable import Store

@Suite struct RawRemovalTests {
  private static let day: Int64 = 86_400_000
  /// 2025-03-01 00:00 UTC.
  private static let march: Int64 = 1_740_787_200_000

  /// A store with an item an hour over February and March, of two apps and three users in turn.
  private func filled() throws -> (StoreFixture, [RawItem]) {
    let fixture = try StoreFixture()
    let (store, set) = (fixture.store, fixture.set)
    for hour in 0..<1_000 {
      let received = Self.march - 10 * Self.day + Int64(hour) * 3_600_000
      let body = Array("item \(hour) ".utf8) + [UInt8](repeating: 7, count: hour % 600)
      body.withUnsafeBytes { body in
        set.appendRaw(
          position: UInt64(hour + 1), item: 0, app: UInt32(hour % 2 + 1), uid: UInt64(hour % 3),
          timestampMs: received, receivedMs: received, body: body,
          facts: .init(start: nil, count: 0))
      }
      if hour % 70 == 0 {
        try store.commit(set.takeFlush(through: UInt64(hour + 1), positions: []))
      }
    }
    try store.commit(set.takeFlush(through: 1_000, positions: []))
    return (fixture, try Self.items(store))
  }

  private static func items(_ store: Store) throws -> [RawItem] {
    try RawReader(store).items(
      after: RawKey(position: 0, item: RawKey.itemMax), through: 2_000, bytesMax: .max)
  }

  @Test("What goes is what was asked for, and everything else stays as it was")
  func selective() throws {
    let (fixture, before) = try filled()
    let store = fixture.store
    #expect(before.count == 1_000)
    let removals = [
      RawRemoval(app: 2), RawRemoval(app: 1, user: 2),
      RawRemoval(receivedBeforeMs: Self.march + 3 * Self.day + 1),
    ]
    var left = before
    for removal in removals {
      let outcome = try store.remove(removal)
      let gone = left.filter(removal.takes)
      left.removeAll(where: removal.takes)
      #expect(try Self.items(store) == left)
      if removal.app != nil { #expect(outcome == .init(files: 0, items: gone.count)) }
    }
    #expect(try store.damage() == [])
  }

  @Test("A month that is over is unlinked, one that is not loses its old items alone")
  func months() throws {
    let (fixture, before) = try filled()
    let store = fixture.store
    let edge = Self.march + 5 * Self.day
    let outcome = try store.remove(RawRemoval(receivedBeforeMs: edge))
    #expect(outcome == .init(files: 1, items: 5 * 24))
    let files = try FileManager.default.contentsOfDirectory(atPath: fixture.directory + "/raw")
    #expect(!files.contains { $0.hasPrefix("2025-02") })
    #expect(try Self.items(store) == before.filter { $0.receivedMs >= edge })
    // Commits go on into the files that are left.
    let set = fixture.set
    [UInt8](repeating: 1, count: 9).withUnsafeBytes { body in
      set.appendRaw(
        position: 1_001, item: 0, app: 1, uid: 1, timestampMs: edge, receivedMs: Self.march - 1,
        body: body, facts: .init(start: nil, count: 0))
    }
    try store.commit(set.takeFlush(through: 1_001, positions: []))
    #expect(try Self.items(store).last?.receivedMs == Self.march - 1)
  }

  @Test("Nothing is removed when nothing is said, and twice is as good as once")
  func repeated() throws {
    let (fixture, before) = try filled()
    let store = fixture.store
    #expect(try store.remove(RawRemoval()) == .init())
    #expect(try Self.items(store) == before)
    #expect(try store.remove(RawRemoval(app: 1)).items == 500)
    #expect(try store.remove(RawRemoval(app: 1)).items == 0)
  }
}
