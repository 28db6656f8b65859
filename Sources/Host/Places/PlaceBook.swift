import Synchronization

/// The database of places in force, replaced as a whole when its file is.
final class PlaceBook: Sendable {
  private let version = Atomic<Int>(0)
  private let current = Mutex<PlaceDatabase?>(nil)
  /// What became of look-ups in the file; those that a loop remembers are not among them.
  let found = Metrics.Counter()
  let unknown = Metrics.Counter()
  let damaged = Metrics.Counter()
  /// Times that a new file was not taken.
  let refused = Metrics.Counter()

  func replace(_ database: PlaceDatabase) {
    current.withLock { $0 = database }
    version.wrappingAdd(1, ordering: .releasing)
  }

  /// The database of this moment.
  var database: PlaceDatabase? { current.withLock { $0 } }

  func count(_ outcome: PlaceDatabase.Outcome) {
    switch outcome {
    case .found: found.add()
    case .unknown: unknown.add()
    case .damaged: damaged.add()
    }
  }

  /// Shows everything at `/metrics`.
  func register(in metrics: Metrics) {
    let outcomes = [("found", found), ("unknown", unknown), ("damaged", damaged)]
    for (outcome, counter) in outcomes {
      metrics.counter(
        "tally_place_lookups_total", help: "Addresses that were looked up in the file of places",
        labels: "outcome=\"\(outcome)\""
      ) { counter.count }
    }
    metrics.counter("tally_place_files_refused_total", help: "Files of places not taken") {
      [refused] in refused.count
    }
  }

  /// A reader confined to one thread: one atomic load a look-up while nothing changes.
  struct Reader {
    let book: PlaceBook
    private(set) var version = -1
    private var database: PlaceDatabase?

    init(_ book: PlaceBook) {
      self.book = book
    }

    @inline(__always)
    mutating func latest() -> PlaceDatabase? {
      let newest = book.version.load(ordering: .acquiring)
      if newest != version {
        database = book.database
        version = newest
      }
      return database
    }
  }
}
