import Testing

@testable import Store

@Suite struct AdministrationTests {
  @Test("An app gets a number, a random id of 24 digits and a random key of 40")
  func createApp() throws {
    let fixture = try StoreFixture()
    let new = NewApp(name: "Shop", timezone: "Europe/Berlin", country: "DE", salt: "s")
    let app = try fixture.store.createApp(new, nowMs: 7)
    let other = try fixture.store.createApp(NewApp(name: "Shop"), nowMs: 8)
    let digits = Set("0123456789abcdef")
    #expect(app.hex.count == 24 && Set(app.hex).isSubset(of: digits))
    #expect(app.key.count == 40 && Set(app.key).isSubset(of: digits))
    #expect(app.hex != other.hex && app.key != other.key)
    #expect([app.number, other.number] == [1, 2])
    #expect(
      [app.name, app.timezone, app.country, app.salt] == ["Shop", "Europe/Berlin", "DE", "s"])
    #expect(app.createdMs == 7)
    #expect(!app.isPaused && !app.isLocked && app.redirectURL.isEmpty)
    #expect(other.timezone == "UTC")
    try fixture.reopen()
    #expect(try fixture.store.apps() == [app, other])
    #expect(try fixture.store.app(key: app.key) == app)
    #expect(try fixture.store.app(hex: other.hex) == other)
    #expect(try fixture.store.app(key: "nobody") == nil)
  }

  @Test("The same generator gives the same names")
  func seeded() throws {
    let keys = try (0..<2).map { _ in
      var generator = SplitMix(seed: 9)
      let fixture = try StoreFixture()
      return try fixture.store.createApp(NewApp(name: "a"), nowMs: 0, using: &generator).key
    }
    #expect(keys[0] == keys[1])
  }

  @Test("A member is found by api key and username; a username is taken once")
  func members() throws {
    let fixture = try StoreFixture()
    let new = NewMember(
      username: "ada", fullName: "Ada L", email: "a@b", passwordHash: "hash", isGlobalAdmin: true)
    let member = try fixture.store.createMember(new, nowMs: 1)
    let guest = try fixture.store.createMember(NewMember(username: "guest"), nowMs: 2)
    #expect(member.apiKey.count == 32 && member.id.count == 24)
    #expect(member.passwordHash == "hash" && member.isGlobalAdmin)
    #expect(guest.passwordHash == nil && !guest.isGlobalAdmin)
    #expect(try fixture.store.member(apiKey: member.apiKey) == member)
    #expect(try fixture.store.member(username: "guest") == guest)
    #expect(try fixture.store.member(apiKey: "") == nil)
    #expect(try fixture.store.members() == [member, guest])
    let taken = #expect(throws: StoreError.self) {
      try fixture.store.createMember(NewMember(username: "ada"), nowMs: 3)
    }
    #expect(taken?.code == .taken)
    #expect(taken?.message.contains("ada") == true)
  }

  @Test("A member and an app are made together or not at all")
  func together() throws {
    let fixture = try StoreFixture()
    let store = fixture.store
    let made = try store.createMember(
      NewMember(username: "ada"), withApp: NewApp(name: "Shop"), nowMs: 1)
    #expect(try store.members() == [made.member])
    #expect(try store.apps() == [made.app])
    try store.administer {
      try $0.execute(sql: "UPDATE app SET id = ?", arguments: [Int64(CellKey.appMax)])
    }
    let full = #expect(throws: StoreError.self) {
      try store.createMember(NewMember(username: "bob"), withApp: NewApp(name: "Bar"), nowMs: 2)
    }
    #expect(full?.code == .invalid)
    #expect(try store.members() == [made.member])
    let taken = #expect(throws: StoreError.self) {
      try store.createMember(NewMember(username: "ada"), withApp: NewApp(name: "Bar"), nowMs: 3)
    }
    #expect(taken?.code == .taken)
  }

  @Test("What changes of a member is changed, with its lines of the audit, or nothing is")
  func changes() throws {
    let fixture = try StoreFixture()
    let store = fixture.store
    let ada = try store.createMember(
      NewMember(username: "ada", email: "ada@x.org", isGlobalAdmin: true), nowMs: 1)
    let bob = try store.createMember(NewMember(username: "bob"), nowMs: 2)
    let line = AuditLine(atMs: 3, plugin: "", member: ada.id, app: 0, action: "x", detail: "")
    var change = MemberChange()
    change.passwordHash = "new"
    change.isLocked = true
    let changed = try store.updateMember(id: bob.id, change) { before in
      #expect(before == bob)
      return [line]
    }
    #expect(changed?.passwordHash == "new")
    #expect(changed?.isLocked == true)
    #expect(changed?.username == "bob")
    #expect(try store.members().last == changed)
    #expect(try store.updateMember(id: "nobody", change) { _ in [line] } == nil)
    change.email = "ada@x.org"
    let taken = #expect(throws: StoreError.self) {
      try store.updateMember(id: bob.id, change) { _ in [line] }
    }
    #expect(taken?.code == .taken)
    #expect(try store.auditLines(limit: 9).count == 1)
  }

  @Test("The last global administrator who may log in stays one")
  func lastAdmin() throws {
    let fixture = try StoreFixture()
    let store = fixture.store
    let ada = try store.createMember(NewMember(username: "ada", isGlobalAdmin: true), nowMs: 1)
    let bob = try store.createMember(NewMember(username: "bob"), nowMs: 2)
    func line(_ member: Member) -> AuditLine {
      AuditLine(atMs: 3, plugin: "", member: "", app: 0, action: "gone", detail: member.id)
    }
    var lock = MemberChange()
    lock.isLocked = true
    var demote = MemberChange()
    demote.isGlobalAdmin = false
    for change in [lock, demote] {
      let refused = #expect(throws: StoreError.self) {
        try store.updateMember(id: ada.id, change) { [line($0)] }
      }
      #expect(refused?.code == .invalid)
    }
    let refused = #expect(throws: StoreError.self) {
      try store.deleteMembers([bob.id, ada.id], audit: line)
    }
    #expect(refused?.code == .invalid)
    #expect(try store.members() == [ada, bob])
    #expect(try store.deleteMembers([bob.id, "nobody"], audit: line) == [bob])
    #expect(try store.members() == [ada])
    #expect(try store.auditLines(limit: 9).map(\.detail) == [bob.id])
  }

  @Test("Plugins keep their number for ever")
  func plugins() throws {
    let fixture = try StoreFixture()
    let numbers = try ["views", "crashes", "views"].map { try fixture.set.plugin($0) }
    #expect(numbers == [1, 2, 1])
    try fixture.reopen()
    #expect(try fixture.set.plugin("crashes") == 2)
    #expect(try fixture.store.knownPluginNumber("crashes") == 2)
    #expect(try fixture.store.knownPluginNumber("nobody") == nil)
  }
}
