import Store
import TestThreads
import Testing

@testable import Host

@Suite(.serialized, .ownThread) struct RetentionTests {
  @Test("Items of an app with a retention of its own go after its days, and nobody else's")
  func perApp() throws {
    let stand = try Stand()
    let other = try stand.core.store.createApp(NewApp(name: "Other", timezone: "UTC"), nowMs: 0)
    try stand.core.reloadAdministration()
    let now = stand.core.services.nowMs
    for days in [3, 0] as [Int64] {
      for app in [stand.app, other] {
        try stand.append { _ in
          RequestRecord.write(
            app: app.number, device: Array("d".utf8), object: Array("{}".utf8),
            receivedMs: now - days * 86_400_000, partition: 0, outbox: nil)
        }
      }
    }
    let unknown = String(repeating: "0", count: 24)
    var limits = Limits()
    limits.appRetention = try #require(AppRetention("\(stand.app.hex)=2, \(unknown)=1"))
    let keeper = RawKeeper(
      store: stand.core.store, limits: limits, registry: stand.core.registry, log: stand.core.log)
    try keeper.look()
    #expect(keeper.itemsRemoved.count == 1)
    #expect(try stand.core.store.counts().rawRows == 3)
    try keeper.look()
    #expect(keeper.itemsRemoved.count == 1)
  }

  @Test("A retention of an app is its id and days; anything else is refused")
  func settings() {
    let app = "5F00000000000000000000aa"
    #expect(AppRetention("\(app)=30")?.days == [app.lowercased(): 30])
    #expect(AppRetention("\(app)=30")?.description == "\(app.lowercased())=30")
    #expect(AppRetention("none") == AppRetention())
    for text in ["\(app)", "\(app)=0", "\(app)=x", "5f=1", "\(app)=1=2", "\(app)=36501"] {
      #expect(AppRetention(text) == nil, "\(text)")
    }
  }
}
