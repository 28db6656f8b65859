/// The order in which the hooks of one kind are called: by phase, then before/after, then name. The
/// host owns it; hooks never call each other.
enum HookOrder {
  struct Entry {
    let plugin: String
    var hook = ""
    let phase: Int32
    let before: [String]
    let after: [String]
    /// What the operator wrote instead of what the plugin asked for.
    var overruled: OrderOverride?

    init(
      plugin: String, hook: String = "", phase: Int32, before: [String], after: [String],
      overruled: OrderOverride? = nil
    ) {
      self.plugin = plugin
      self.hook = hook
      self.phase = overruled?.phase ?? phase
      self.before = overruled?.before ?? before
      self.after = overruled?.after ?? after
      self.overruled = overruled
    }
  }

  /// Indices into `entries` in calling order, or plugins that wait for each other.
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
      else { return .failure(Cycle(plugins: chain(remaining.map { entries[$0] }))) }
      order.append(remaining.remove(at: next))
    }
    return .success(order)
  }

  /// Each of them must come before the next; the last is the first again.
  struct Cycle: Error {
    let plugins: [String]
  }

  /// Walks back from any entry to one that must precede it until one comes twice: every entry of a
  /// remainder nobody could leave has one.
  private static func chain(_ entries: [Entry]) -> [String] {
    var path: [Int] = [0]
    while let last = path.last,
      let earlier = entries.indices.first(where: { mustPrecede(entries[$0], entries[last]) })
    {
      if let start = path.firstIndex(of: earlier) {
        return ([earlier] + path[start...].reversed()).map { entries[$0].plugin }
      }
      path.append(earlier)
    }
    return entries.map(\.plugin)
  }

  private static func mustPrecede(_ first: Entry, _ second: Entry) -> Bool {
    first.plugin != second.plugin
      && (first.before.contains(second.plugin) || second.after.contains(first.plugin))
  }
}

/// What an operator wrote about the order of a plugin's hooks; each part stands in for what the
/// plugin asked for.
package struct OrderOverride: Sendable, Equatable {
  package var phase: Int32?
  package var before: [String]?
  package var after: [String]?
  /// "plugins.yaml:4:7", to be shown as a cause.
  package let place: String

  package init(
    phase: Int32? = nil, before: [String]? = nil, after: [String]? = nil, place: String
  ) {
    self.phase = phase
    self.before = before
    self.after = after
    self.place = place
  }
}
