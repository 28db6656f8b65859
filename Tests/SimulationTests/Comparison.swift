import Harness

/// Every question the simulation asks, compared with the recount.
struct Comparison {
  let server: TallyServer
  let recount: Recount

  /// A period that covers every stream whole, with all months of it.
  private static let days = 400

  private var period: String {
    let end = Clock.unixMilliseconds
    return "[\(end - Int64(Self.days) * 86_400_000),\(end)]"
  }

  func differences() throws -> [String] {
    var list = try compare("method=users", need: recount.usersDocument)
    for collection in Recount.Collection.allCases {
      list += try compare(
        "method=\(collection.rawValue)", need: recount.metricDocument(collection))
    }
    for key in recount.events.totals.keys.sorted() {
      let question = "method=events&event=\(percent(key))"
      list += try compare(question, need: recount.eventDocument(key))
      for segment in (recount.events.segmentNames[key] ?? []).sorted() {
        list += try compare(
          question + "&segmentation=\(percent(segment))",
          need: recount.eventDocument(key, segment: segment))
      }
    }
    let loyalty = LoyaltyComparison(server: server, recount: recount, period: percent(period))
    return try list + registryDifferences() + viewDifferences() + loyalty.differences()
  }

  private func percent(_ text: String) -> String { percentEncoded(text) }

  private func compare(_ question: String, need: JSON) throws -> [String] {
    let have = try server.ask(question + "&period=" + percent(period))
    return JSON.differences(have: have.withSortedMeta, need: need.withSortedMeta)
      .map { question + ": " + $0 }
  }

  private func registryDifferences() throws -> [String] {
    let registry = try server.ask("method=get_events")
    let list = Set((registry["list"]?.array ?? []).compactMap(\.string))
    let need = Set(recount.events.totals.keys.map(escaped))
    var found: [String] = []
    if list != need { found.append("get_events: have \(list.sorted()), need \(need.sorted())") }
    for (key, names) in recount.events.segmentNames where !names.isEmpty {
      let have = Set((registry["segments"]?[escaped(key)]?.array ?? []).compactMap(\.string))
      if have != names { found.append("get_events \(key): have \(have), need \(names)") }
    }
    return found
  }

  /// Raw answers escape what could be HTML (protocol 1.2).
  private func escaped(_ text: String) -> String { text.replacing("&", with: "&amp;") }

  /// Views are compared number by number, as the graph of each tells it.
  private func viewDifferences() throws -> [String] {
    let table = try server.ask("method=views&action=listNames")
    var ids: [String: String] = [:]
    for row in table.array ?? [] {
      if let name = row["view"]?.string, let id = row["_id"]?.string { ids[name] = id }
    }
    var list: [String] = []
    if Set(ids.keys) != Set(recount.views.documents.keys) {
      list.append("views: have \(ids.keys.sorted()), need \(recount.views.documents.keys.sorted())")
    }
    for (name, tally) in recount.views.documents {
      guard let id = ids[name] else { continue }
      for number in ["t", "u", "s", "d", "e", "b"] {
        let selected = percent("[{\"view\":\"\(id)\",\"action\":\"\(number)\"}]")
        let answer = try server.ask(
          "method=views&selectedViews=\(selected)&period=" + percent(period))
        let have = answer["data"]?[id]?["no-segment"]?.only(number)
        let need = JSON.object(tally.document()).only(number)
        list += JSON.differences(have: have ?? .object([:]), need: need ?? .object([:]))
          .map { "view \(name) \(number): " + $0 }
      }
    }
    return list
  }
}

extension JSON {
  /// The document with one number at each place, without hours, weeks and meta.
  func only(_ name: String, depth: Int = 0) -> JSON? {
    guard case .object(let members) = self, depth <= 3 else { return nil }
    var kept: [String: JSON] = [:]
    for (key, value) in members {
      if key == name, case .number = value { kept[key] = value }
      if Int(key) != nil, let below = value.only(name, depth: depth + 1) { kept[key] = below }
    }
    return kept.isEmpty ? nil : .object(kept)
  }
}
