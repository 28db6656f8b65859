import Foundation
import Store

/// Keeps notes, deletes them and lists them: `/i/notes/*`, `/o/notes` and `/o?method=notes`.
struct NoteDesk: Sendable {
  static let notesMax = 10_000
  private static let textBytesMax = 4_096
  private static let listMax = 5_000
  private static let fields: [Arguments.Field] = [
    .init(name: "note", kind: .text, isRequired: true, bytesMax: textBytesMax),
    .init(name: "noteType", kind: .text, isRequired: true),
    .init(name: "emails", kind: .list), .init(name: "_id", kind: .text),
  ]
  private static let success = QueryReply(status: 200, message: "Success")

  let core: Core

  // MARK: Orders

  func save(_ visit: Visit) throws -> QueryReply {
    let app = try EventDesk.app(visit)
    guard let arguments = Arguments(visit.request) else {
      return Self.invalid([Arguments.missing])
    }
    var refusals = arguments.refusals(Self.fields)
    let kind = arguments.text("noteType").flatMap(Note.Kind.init)
    if kind == nil, refusals.isEmpty { refusals.append("Value of noteType is invalid") }
    if arguments["ts"] == nil { refusals.append("Missing ts argument") }
    guard refusals.isEmpty, let kind, let atMs = arguments["ts"]?.milliseconds else {
      return Self.invalid(refusals.isEmpty ? ["Invalid type for ts"] : refusals)
    }
    let nowMs = Clock.system.nowMs
    var note: Note
    if let id = arguments.text("_id"), !id.isEmpty {
      guard let known = try self.note(id), known.isChanged(by: visit.member) else {
        return QueryReply(status: 403, message: "Not allow to edit note")
      }
      note = known
    } else {
      let count = try core.store.noteCount(app: app.number)
      guard count < Self.notesMax else {
        return Self.invalid(["an app has at most \(Self.notesMax) notes"])
      }
      note = Note(
        id: core.store.newNoteID(), appID: app.hexID, owner: visit.member.id,
        indicator: Note.indicator(count), nowMs: nowMs)
    }
    (note.text, note.atMs, note.kind) = (arguments.text("note") ?? "", atMs, kind)
    note.color = arguments["color"] ?? note.color
    note.emails = arguments.list("emails")?.map { $0.lowercased() } ?? note.emails
    note.category = arguments["category"] ?? note.category
    note.updatedMs = nowMs
    try keep(note)
    return Self.success
  }

  func delete(_ visit: Visit) throws -> QueryReply {
    guard let note = try visit.request.parameters["note_id"].flatMap(self.note),
      note.isChanged(by: visit.member)
    else { return QueryReply(status: 403, message: "Not allow to delete this note") }
    try core.store.deleteNote(id: note.id)
    return Self.success
  }

  // MARK: The list

  func list(_ visit: Visit) throws -> QueryReply {
    let own = try EventDesk.app(visit)
    let asked = visit.request.parameters
    let wanted = EventDesk.json("notes_apps", visit)?.texts ?? [own.hexID]
    let rights = MemberRights(visit.member)
    let known = core.registry.snapshot
    let apps = Set(wanted).filter { rights.may(.read, "core", app: $0) }
      .compactMap(known.app(hexID:))
    var notes = try apps.flatMap { try core.store.notes(app: $0.number).compactMap { Note($0) } }
    notes.removeAll { !$0.isSeen(by: visit.member) }
    let all = notes.count
    if let text = asked["period"] {
      let period = Period(text: text, nowMs: Clock.system.nowMs, calendar: own.calendar)
      notes.removeAll { $0.atMs < period.startMs || $0.atMs >= period.endMs }
    }
    if let kind = asked["note_type"], !kind.isEmpty { notes.removeAll { $0.kind.rawValue != kind } }
    if case .array(let categories)? = EventDesk.json("category", visit), !categories.isEmpty {
      notes.removeAll { !categories.contains($0.category) }
    }
    if let text = asked["sSearch"]?.lowercased(), !text.isEmpty {
      notes.removeAll { !$0.text.lowercased().contains(text) }
    }
    sort(&notes, asked)
    let start = max(0, asked["iDisplayStart"].flatMap { Int($0) } ?? 0)
    let length = asked["iDisplayLength"].flatMap { Int($0) } ?? Self.listMax
    let shown = notes.dropFirst(start).prefix(max(0, min(length, Self.listMax)))
    return QueryReply(
      .object([
        "aaData": .array(shown.map(document)), "iTotalRecords": .number(Double(all)),
        "iTotalDisplayRecords": .number(Double(notes.count)),
        "sEcho": .string(asked["sEcho"] ?? ""),
      ]))
  }

  private func sort(_ notes: inout [Note], _ asked: [String: String]) {
    let isByKind = asked["iSortCol_0"] == "3"
    let isAscending = asked["sSortDir_0"] == "asc"
    notes.sort { one, other in
      let (first, second) = isAscending ? (one, other) : (other, one)
      return isByKind
        ? (first.kind.rawValue, first.atMs, first.id)
          < (second.kind.rawValue, second.atMs, second.id)
        : (first.atMs, first.id) < (second.atMs, second.id)
    }
  }

  private func document(_ note: Note) -> JSONValue {
    let owner = core.members.member(id: note.owner)?.fullName ?? ""
    return .object(note.document.merging(["owner_name": .string(owner)]) { _, name in name })
  }

  // MARK: Parts

  private static func invalid(_ reasons: [String]) -> QueryReply {
    QueryReply(status: 400, message: "Invalid note: \(reasons.joined(separator: "; "))")
  }

  private func note(_ id: String) throws -> Note? {
    try core.store.note(id: id).flatMap { Note($0) }
  }

  /// The app is the note's own, whatever the request is about.
  private func keep(_ note: Note) throws {
    guard let app = core.registry.snapshot.app(hexID: note.appID) else { return }
    try core.store.keepNote(
      id: note.id, app: app.number, owner: note.owner, atMs: note.atMs,
      body: JSONValue.object(note.document).text(escaping: false))
  }
}
