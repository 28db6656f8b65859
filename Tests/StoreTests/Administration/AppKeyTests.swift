import Testing

@testable import Store

@Suite struct AppKeyTests {
  private let fixture: StoreFixture
  private let app: App

  init() throws {
    fixture = try StoreFixture()
    app = try fixture.store.createApp(NewApp(name: "Shop"), nowMs: 0)
  }

  private func change(_ body: (inout AppChange) -> Void) throws -> App? {
    var wanted = AppChange()
    body(&wanted)
    return try fixture.store.updateApp(hex: app.hex, { _ in wanted }) { _, _ in [] }
  }

  @Test("A new key takes over; those of before stay good until they are removed")
  func rotation() throws {
    let changed = try change { $0.key = "second" }
    #expect(changed?.key == "second" && changed?.idKey == app.key)
    #expect(changed?.keys.map(\.key) == [app.key, "second"])
    for key in [app.key, "second"] { #expect(try fixture.store.app(key: key)?.hex == app.hex) }
    let removed = try change { $0.removedKeys = [app.key, "second"] }
    #expect(removed?.keys.map(\.key) == ["second"] && removed?.idKey == app.key)
    #expect(try fixture.store.app(key: app.key) == nil)
  }

  @Test("A key of before becomes the current one again")
  func back() throws {
    _ = try change { $0.key = "second" }
    let back = try change { ($0.key, $0.removedKeys) = (app.key, ["second"]) }
    #expect(back?.key == app.key && back?.keys.map(\.key) == [app.key])
  }

  @Test("A key is one app's alone, also when it is one of before")
  func taken() throws {
    _ = try change { $0.key = "second" }
    func make(_ key: String) throws {
      var other = NewApp(name: "Other")
      other.key = key
      _ = try fixture.store.createApp(other, nowMs: 0)
    }
    for key in [app.key, "second"] {
      #expect(throws: StoreError(.taken, "another app has that key")) { try make(key) }
    }
    try make("third")
    #expect(throws: StoreError(.taken, "another app has that key")) {
      _ = try change { $0.key = "third" }
    }
    #expect(try fixture.store.app(hex: app.hex)?.key == "second")
  }

  @Test("When a key was used last is never moved back")
  func use() throws {
    try fixture.store.noteLastData([app.key: 7_000, "nobody's": 1])
    try fixture.store.noteLastData([app.key: 5_000])
    #expect(try fixture.store.app(hex: app.hex)?.keys.map(\.lastDataMs) == [7_000])
  }
}
