import Synchronization

/// What one plugin costs and how it fares, over all its instances and generations.
package final class PluginAccount: Sendable {
  package let plugin: String
  /// Hooks that see batches; the pipeline's thread only.
  package let hooks = CallMeter()
  /// Questions; any thread.
  package let reads = CallMeter()
  /// Items the plugin could not take since the start of this process.
  package let deadLetters = Atomic<Int>(0)
  /// Instances that were started.
  private let starts = Atomic<Int>(0)
  /// Times an instance ended on its own and was started again.
  private let returns = Atomic<Int>(0)

  init(plugin: String) { self.plugin = plugin }

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
