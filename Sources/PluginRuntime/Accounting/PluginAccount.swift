import Synchronization

/// What one plugin costs and how it fares, over all its instances and generations.
package final class PluginAccount: Sendable {
  package let plugin: String
  private let meters = CallKind.allCases.map { _ in CallMeter() }
  /// By `Drop.index`.
  private let dropped = Mutex([Int](repeating: 0, count: Drop.allCases.count))
  /// Causes of failures that are remembered; further ones are only counted.
  private static let causesMax = 32
  private let causes = Mutex<Set<String>>([])
  /// Items the plugin could not take since the start of this process.
  package let deadLetters = Atomic<Int>(0)
  /// Instances that were started.
  private let starts = Atomic<Int>(0)
  /// Times an instance ended on its own and was started again.
  private let returns = Atomic<Int>(0)

  init(plugin: String) { self.plugin = plugin }

  /// The meter of one kind of calls. Those of hooks, transforms, folds, commands and lifecycle
  /// hooks belong to the pipeline's thread; the others to any.
  package subscript(kind: CallKind) -> CallMeter { meters[kind.index] }

  /// What was called so far, by kind.
  package var readings: [(kind: CallKind, reading: CallMeter.Reading)] {
    CallKind.allCases.map { ($0, self[$0].reading) }
  }

  /// A limit was reached, and something left out.
  package func drop(_ what: Drop, _ count: Int = 1) {
    dropped.withLock { $0[what.index] += count }
  }

  /// What was left out so far, by limit; those that were never reached are not named.
  package var drops: [String: Int] {
    let counts = dropped.withLock { $0 }
    return Dictionary(
      uniqueKeysWithValues: Drop.allCases.filter { counts[$0.index] > 0 }.map {
        ($0.rawValue, counts[$0.index])
      })
  }

  /// Whether a call that may fail again and again has not failed for this reason before.
  func isNew(cause: String) -> Bool {
    causes.withLock { $0.count < Self.causesMax && $0.insert(cause).inserted }
  }

  /// An instance was started.
  package func began() { starts.wrappingAdd(1, ordering: .relaxed) }

  /// The plugin failed and was started again.
  package func restarted() { returns.wrappingAdd(1, ordering: .relaxed) }

  package var instances: Int { starts.load(ordering: .relaxed) }
  package var restarts: Int { returns.load(ordering: .relaxed) }
}

/// The accounts of all plugins, kept under their names for as long as the process runs.
package final class PluginAccounts: Sendable {
  private let accounts = Mutex<[String: PluginAccount]>([:])

  package init() {}

  /// The account of a plugin, opened when there is none.
  package func account(_ plugin: String) -> PluginAccount {
    accounts.withLock { accounts in
      if let known = accounts[plugin] { return known }
      let opened = PluginAccount(plugin: plugin)
      accounts[plugin] = opened
      return opened
    }
  }
}
