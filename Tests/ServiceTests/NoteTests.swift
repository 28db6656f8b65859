import Store
import TestThreads
import Testing

@testable import Host

/// Who sees, changes and loses notes.
@Suite(.serialized, .ownThread) struct NoteTests {
  private let stand: Stand
  private let foreign: App
  private let desk: NoteDesk
  private let members: [String: Member]

  init() throws {
    stand = try Stand()
    let store = stand.core.store
    let other = try store.createApp(NewApp(name: "foreign"), nowMs: 1)
    let own = stand.app.hex
    let rights: [String: Permission] = [
      "ada": Permission(administering: [], using: [own]),
      "bob": Permission(administering: [], using: [own]),
      "admin": Permission(administering: [own], using: []),
      "stranger": Permission(administering: [other.hex], using: []),
    ]
    members = try rights.reduce(into: [:]) { made, right in
      made[right.key] = try store.createMember(
        NewMember(
          username: right.key, email: "\(right.key)@x.org",
          permission: right.value.document.text(escaping: false)), nowMs: 1)
    }
    foreign = other
    try stand.core.reloadAdministration()
    desk = NoteDesk(core: stand.core)
  }

  private func visit(_ name: String, _ parameters: [String: String], _ app: App? = nil) throws
    -> Visit
  {
    Visit(
      request: QueryRequest(httpMethod: "GET", path: "/o/notes", parameters: parameters),
      member: try #require(members[name]),
      app: stand.core.registry.snapshot.app(hexID: (app ?? stand.app).hex))
  }

  private func save(_ name: String, _ kind: String, _ more: String = "") throws -> Int {
    let note = "{\"note\":\"\(name) \(kind)\",\"ts\":1,\"noteType\":\"\(kind)\"\(more)}"
    return try desk.save(visit(name, ["args": note])).status
  }

  private func seen(_ name: String, _ apps: [App], at app: App? = nil) throws -> [JSONValue] {
    let list = JSONValue.texts(apps.map(\.hex)).text(escaping: false)
    let reply = try desk.list(visit(name, ["notes_apps": list], app))
    guard
      case .array(let notes)? = JSONValue(String(decoding: reply.body, as: UTF8.self))?
        .members?["aaData"]
    else { return [] }
    return notes
  }

  private func texts(_ name: String) throws -> Set<String> {
    Set(try seen(name, [stand.app]).compactMap { $0.members?["note"]?.string })
  }

  @Test("A note is seen by its owner, by everybody, or by those it names")
  func seeing() throws {
    for kind in ["public", "private"] { #expect(try save("ada", kind) == 200) }
    #expect(try save("ada", "shared", ",\"emails\":[\"BOB@x.org\"]") == 200)
    #expect(try texts("ada") == ["ada public", "ada private", "ada shared"])
    #expect(try texts("bob") == ["ada public", "ada shared"])
    #expect(try texts("admin") == ["ada public"])
    // Naming an app gives no right to it.
    #expect(try seen("stranger", [stand.app, foreign], at: foreign).isEmpty)
  }

  @Test("Owners change their notes; who administers the note's app, public ones")
  func changing() throws {
    for kind in ["public", "private"] { _ = try save("ada", kind) }
    for note in try seen("ada", [stand.app]) {
      let id = try #require(note.members?["_id"]?.string)
      let isPublic = note.members?["noteType"] == .string("public")
      let edit = ["args": "{\"_id\":\"\(id)\",\"note\":\"x\",\"ts\":1,\"noteType\":\"public\"}"]
      #expect(try desk.save(visit("bob", edit)).status == 403)
      // Another app than the note's helps nobody.
      #expect(try desk.save(visit("stranger", edit, foreign)).status == 403)
      #expect(try desk.delete(visit("stranger", ["note_id": id], foreign)).status == 403)
      #expect(try desk.delete(visit("bob", ["note_id": id])).status == 403)
      #expect(try desk.save(visit("admin", edit)).status == (isPublic ? 200 : 403))
      #expect(try desk.delete(visit("ada", ["note_id": id])).status == 200)
    }
    #expect(try texts("ada").isEmpty)
  }

  @Test("Notes go with their owner, and stay when only data goes")
  func leaving() throws {
    _ = try save("ada", "public")
    try stand.core.store.clear(
      app: stand.app.number, AppClearing(.everything), through: 0, permission: { _ in nil })
    #expect(try texts("bob") == ["ada public"])
    _ = try stand.core.store.deleteMembers([try #require(members["ada"]).id]) {
      AuditLine(atMs: 0, plugin: "", member: "", app: 0, action: "gone", detail: $0.id)
    }
    #expect(try texts("bob").isEmpty)
  }

  @Test("Letters go on behind Z")
  func letters() {
    #expect([0, 25, 26, 27, 52, 702].map(Note.indicator) == ["A", "Z", "AA", "AB", "BA", "AAA"])
  }
}
