import Harness

extension Recount {
  /// The answer to `method=users`.
  var usersDocument: JSON {
    var document = sessions.document()
    guard !document.isEmpty else { return .object([:]) }
    var meta = ["countries": sorted(countries), "f-ranges": sorted(frequencies)]
    if !durations.isEmpty { meta["d-ranges"] = sorted(durations) }
    document["meta"] = .object(meta)
    return .object(document)
  }

  /// The answer to `method=device_details`, `devices` or `carriers`.
  func metricDocument(_ collection: Collection) -> JSON {
    guard let tally = metrics[collection] else { return .object([:]) }
    var document = tally.document()
    document["meta"] = .object((metricValues[collection] ?? [:]).mapValues(sorted))
    return .object(document)
  }

  /// The answer to `method=events&event=key`, with `segmentation` below it.
  func eventDocument(_ key: String, segment: String? = nil) -> JSON {
    let tally = segment.map { events.segments[key]?[$0] } ?? events.totals[key]
    guard var document = tally?.document(scale: EventRecount.scale) else { return .object([:]) }
    var meta: [String: JSON] = [:]
    if let segment { meta[segment] = sorted(events.values[key]?[segment] ?? []) }
    if let names = events.segmentNames[key] { meta["segments"] = sorted(names) }
    if !meta.isEmpty { document["meta"] = .object(meta) }
    return .object(document)
  }

  private func sorted(_ values: Set<String>) -> JSON { .array(values.sorted().map(JSON.string)) }
}

extension JSON {
  /// The document with the lists of its meta sorted, since only their members are compared.
  var withSortedMeta: JSON {
    guard case .object(var members) = self, case .object(let meta)? = members["meta"] else {
      return self
    }
    if meta.isEmpty { members["meta"] = nil }
    if !meta.isEmpty {
      members["meta"] = .object(
        meta.mapValues { list in
          .array((list.array ?? []).sorted { $0.text < $1.text })
        })
    }
    return .object(members)
  }
}
