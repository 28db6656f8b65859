import Store

/// Keeps lists of entries of an app for clients, by a name: `/o/cms/entries` and `/i/cms/*`.
struct EntryDesk: Sendable {
  static let entriesMax = 1_000
  private static let entryBytesMax = 64 << 10
  private static let nameBytesMax = 256

  let core: Core

  func list(_ visit: Visit) throws -> QueryReply {
    guard let name = name(visit) else { return Self.missing("_id") }
    var query: [String: JSONValue] = [:]
    if let text = visit.request.parameters["query"], !text.isEmpty {
      guard let members = JSONValue(text)?.members, Self.isPlain(.object(members)) else {
        return QueryReply(status: 400, message: "Invalid parameter \"query\"")
      }
      query = members
    }
    let entries = try core.store.entries(of: name, app: Self.app(visit)).compactMap {
      JSONValue($0)
    }.filter { entry in
      query.allSatisfy { entry.value(at: $0.key) == $0.value }
    }
    return QueryReply(.object(["result": .object(["data": .array(entries)])]))
  }

  func save(_ visit: Visit) throws -> QueryReply {
    guard let name = name(visit) else { return Self.missing("_id") }
    guard case .array(let entries)? = EventDesk.json("entries", visit) else {
      return Self.missing("entries")
    }
    let texts = entries.enumerated().map { (place, entry) -> (id: String, body: String) in
      (entry.members?["_id"]?.string ?? "\(place)", entry.text(escaping: false))
    }
    guard texts.count <= Self.entriesMax,
      texts.allSatisfy({ $0.body.utf8.count <= Self.entryBytesMax }),
      entries.allSatisfy(Self.isPlain),
      try core.store.keepEntries(texts, of: name, app: Self.app(visit), max: Self.entriesMax)
    else { return QueryReply(status: 400, message: "Invalid parameter \"entries\"") }
    return QueryReply(status: 200, message: "Entries saved")
  }

  func clear(_ visit: Visit) throws -> QueryReply {
    guard let name = name(visit) else { return Self.missing("_id") }
    try core.store.deleteEntries(of: name, app: Self.app(visit))
    return QueryReply(status: 200, message: "CMS cache cleared")
  }

  /// What a global administrator keeps without an app is no app's.
  private static func app(_ visit: Visit) -> UInt32 { visit.app?.number ?? 0 }

  private func name(_ visit: Visit) -> String? {
    visit.request.parameters["_id"].flatMap {
      $0.isEmpty || $0.utf8.count > Self.nameBytesMax ? nil : $0
    }
  }

  /// Nothing in it is named like an operator.
  private static func isPlain(_ value: JSONValue) -> Bool {
    switch value {
    case .object(let members):
      members.allSatisfy { !$0.key.hasPrefix("$") && isPlain($0.value) }
    case .array(let values): values.allSatisfy(isPlain)
    default: true
    }
  }

  private static func missing(_ name: String) -> QueryReply {
    QueryReply(status: 400, message: "Missing parameter \"\(name)\"")
  }
}
