/// The order in which hooks see a batch: by phase, then before/after, then name. The host owns it;
/// hooks never call each other.
enum HookOrder {
  struct Entry {
    let plugin: String
    let phase: Int32
    let before: [String]
    let after: [String]
  }

  /// Indices into `entries` in calling order, or the names that wait for each other.
  static func sorted(_ entries: [Entry]) -> Result<[Int], Cycle> {
    var remaining = entries.indices.sorted {
      (entries[$0].phase, entries[$0].plugin, $0) < (entries[$1].phase, entries[$1].plugin, $1)
    }
    var order: [Int] = []
    while !remaining.isEmpty {
      guard
        let next = remaining.firstIndex(where: { candidate in
          !remaining.contains { $0 != candidate && mustPrecede(entries[$0], entries[candidate]) }
        })
      else { return .failure(Cycle(plugins: remaining.map { entries[$0].plugin })) }
      order.append(remaining.remove(at: next))
    }
    return .success(order)
  }

  struct Cycle: Error {
    let plugins: [String]
  }

  private static func mustPrecede(_ first: Entry, _ second: Entry) -> Bool {
    first.plugin != second.plugin
      && (first.before.contains(second.plugin) || second.after.contains(first.plugin))
  }
}
