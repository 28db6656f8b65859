import Synchronization

/// The apps as intake sees them, replaced as a whole when management changes one.
package final class AppDirectory: Sendable {
  private let version = Atomic<Int>(0)
  private let current: Mutex<AppSnapshot>

  package init(_ apps: [AppView] = []) {
    current = Mutex(AppSnapshot(apps))
  }

  /// Puts a new list in place; requests that arrive after the return see it.
  package func replace(_ apps: [AppView]) {
    current.withLock { $0 = AppSnapshot(apps, before: $0) }
    version.wrappingAdd(1, ordering: .releasing)
  }

  /// The apps of this moment.
  package var snapshot: AppSnapshot { current.withLock { $0 } }

  /// A reader confined to one thread: one atomic load a request while nothing changes.
  struct Reader {
    private let directory: AppDirectory
    private var version: Int
    private var snapshot: AppSnapshot

    init(_ directory: AppDirectory) {
      self.directory = directory
      version = directory.version.load(ordering: .acquiring)
      snapshot = directory.snapshot
    }

    @inline(__always)
    mutating func apps() -> AppSnapshot {
      let latest = directory.version.load(ordering: .acquiring)
      if latest != version {
        snapshot = directory.snapshot
        version = latest
      }
      return snapshot
    }
  }
}
