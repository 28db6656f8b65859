import Store
import TestThreads
import Testing

@testable import Host

@Suite(.serialized, .ownThread) struct KeyValueTests {
  private func ask(_ stand: Stand, _ parameters: [String: String]) -> String {
    stand.ask(parameters.merging(["method": "worker"]) { given, _ in given }).body
      .replacing("\"", with: "")
  }

  private func put(_ stand: Stand, _ key: String, _ value: String, ttl: Int = 0) -> String {
    ask(stand, ["do": "put", "key": key, "value": value, "ttl": "\(ttl)"])
  }

  private func get(_ stand: Stand, _ key: String) -> String {
    ask(stand, ["do": "get", "key": key])
  }

  @Test("A value is there at once, after a restart too, until it is removed")
  func keeps() throws {
    let stand = try Stand(worker)
    #expect(get(stand, "token") == "none")
    #expect(put(stand, "token", "abc") == "put")
    #expect(get(stand, "token") == "abc")
    try stand.restart()
    #expect(get(stand, "token") == "abc")
    #expect(ask(stand, ["do": "remove", "key": "token"]) == "removed")
    #expect(ask(stand, ["do": "remove", "key": "token"]) == "none")
    #expect(get(stand, "token") == "none")
  }

  @Test("A swap wins only while nobody else has written")
  func swaps() throws {
    let stand = try Stand(worker)
    #expect(ask(stand, ["do": "swap", "key": "lock", "value": "a"]) == "won")
    #expect(ask(stand, ["do": "swap", "key": "lock", "value": "b", "stale": "1"]) == "lost")
    #expect(get(stand, "lock") == "a")
    #expect(ask(stand, ["do": "swap", "key": "lock", "value": "c"]) == "won")
    #expect(get(stand, "lock") == "c")
  }

  @Test("A version is never given twice, though its key was gone meanwhile")
  func versions() throws {
    let stand = try Stand(worker)
    let keys = stand.core.services.keyValues
    let place = KeyValues.Place(plugin: "worker", app: 0, key: "k")
    #expect(try keys.put(place, [1], expiresMs: 0, nowMs: 1) == .done(version: 1))
    #expect(try keys.remove(place, nowMs: 1))
    #expect(try keys.put(place, [2], expiresMs: 0, ifVersion: 1, nowMs: 1) == .conflict(version: 0))
    #expect(try keys.put(place, [2], expiresMs: 0, ifVersion: 0, nowMs: 1) == .done(version: 2))
  }

  @Test("A key that has expired is not there, and its room comes back")
  func expires() throws {
    let stand = try Stand(worker)
    let keys = stand.core.services.keyValues
    let place = KeyValues.Place(plugin: "worker", app: 3, key: "k")
    _ = try keys.put(place, [1, 2], expiresMs: 100, nowMs: 50)
    #expect(try keys.get(place, nowMs: 99) != nil)
    #expect(try keys.get(place, nowMs: 100) == nil)
    #expect(try keys.usage(plugin: "worker") == (1, 3))
    #expect(try !keys.remove(place, nowMs: 100))
    _ = try keys.put(place, [1], expiresMs: 100, nowMs: 50)
    try keys.sweep(nowMs: 100)
    #expect(try keys.usage(plugin: "worker") == (0, 0))
  }

  @Test("A key that has expired gives no room to its own next value")
  func rewritten() throws {
    let stand = try Stand(worker)
    let keys = stand.core.services.keyValues
    func put(_ key: String, bytes: Int, expiresMs: Int64 = 0, nowMs: Int64) throws
      -> KeyValues.Written
    {
      try keys.put(
        .init(plugin: "worker", app: 0, key: key), [UInt8](repeating: 1, count: bytes),
        expiresMs: expiresMs, nowMs: nowMs)
    }
    for number in 0..<255 {
      _ = try put("k\(number)", bytes: KeyValues.valueBytesMax, nowMs: 1)
    }
    _ = try put("old", bytes: 30_000, expiresMs: 100, nowMs: 1)
    #expect(
      try put("old", bytes: KeyValues.valueBytesMax, nowMs: 100)
        == .full("\(KeyValues.bytesMax) bytes"))
    let kept = (0..<255).map { "k\($0)".utf8.count + KeyValues.valueBytesMax }.reduce(0, +)
    #expect(try keys.usage(plugin: "worker") == (255, kept))
    _ = try put("old", bytes: 30_000, nowMs: 100)
    #expect(try keys.usage(plugin: "worker") == (256, kept + 30_003))
  }

  @Test("A scan walks keys of one prefix in order, and goes on where the last one ended")
  func scans() throws {
    let stand = try Stand(worker)
    for key in ["b", "a:4", "a:1", "a:3", "a:2", "a"] { _ = put(stand, key, "v" + key) }
    #expect(ask(stand, ["do": "scan", "key": "a:"]) == "a:1=va:1 a:2=va:2 a:3=va:3")
    #expect(ask(stand, ["do": "scan", "key": "a:", "after": "a:3"]) == "a:4=va:4")
    #expect(ask(stand, ["do": "scan", "key": "c"]) == "")
  }

  @Test("Two plugins never see each other's keys")
  func namespaces() throws {
    let stand = try Stand(worker)
    _ = put(stand, "k", "mine")
    let keys = stand.core.services.keyValues
    #expect(try keys.get(.init(plugin: "other", app: 0, key: "k"), nowMs: 1) == nil)
    #expect(try keys.get(.init(plugin: "worker", app: 1, key: "k"), nowMs: 1) == nil)
  }

  @Test("Keys, values and what a plugin holds have bounds with words of their own")
  func bounds() throws {
    let stand = try Stand(worker)
    #expect(put(stand, "", "x") == "invalid: tally.kv.put: a key must be UTF-8 of 1 to 256 bytes")
    let long = String(repeating: "x", count: KeyValues.valueBytesMax + 1)
    #expect(
      put(stand, "k", long) == "limit: tally.kv.put: a value of 65537 bytes is over 65536")
    let keys = stand.core.services.keyValues
    let value = [UInt8](repeating: 1, count: KeyValues.valueBytesMax)
    for number in 0..<255 {
      let place = KeyValues.Place(plugin: "worker", app: 0, key: "k\(number)")
      _ = try keys.put(place, value, expiresMs: 0, nowMs: 1)
    }
    #expect(
      put(stand, "more", String(repeating: "x", count: KeyValues.valueBytesMax))
        == "limit: tally.kv.put: worker holds 16777216 bytes already; remove some first")
    #expect(put(stand, "k0", "small") == "put")
  }
}
