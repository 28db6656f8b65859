/// Everything one commit writes, taken out of the working set, sorted by key. A value: it may
/// travel to the writer's thread while the working set goes on.
package struct Flush: Sendable {
  /// New users; their device ids lie one behind the other, since an array each costs more than the
  /// text in it.
  struct Users: Sendable {
    struct User: Sendable {
      let app: UInt32
      let uid: UInt64
      let createdMs: Int64
      let deviceBytes: Int
    }

    private var users: ContiguousArray<User> = []
    private var devices: [UInt8] = []

    var count: Int { users.count }

    mutating func append(
      app: UInt32, uid: UInt64, createdMs: Int64, device: UnsafeRawBufferPointer
    ) {
      users.append(User(app: app, uid: uid, createdMs: createdMs, deviceBytes: device.count))
      devices.append(contentsOf: device)
    }

    func forEach(
      _ body: (User, _ device: UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) {
      try devices.withBytes { (devices) throws(StoreError) in
        var place = 0
        for user in users {
          let end = place + user.deviceBytes
          try body(user, UnsafeRawBufferPointer(rebasing: devices[place..<end]))
          place = end
        }
      }
    }
  }

  struct Series: Sendable {
    let id: Int64
    let app: UInt32
    let metric: Int
    let subject: [UInt8]
    let dimension: [UInt8]
    let value: [UInt8]
  }

  struct SeriesYear: Sendable {
    let series: Series
    let year: Int32
  }

  struct Document: Sendable {
    let plugin: Int
    let app: UInt32
    let collection: [UInt8]
    let key: [UInt8]
    let body: [UInt8]
  }

  struct PluginRow: Sendable {
    let plugin: Int
    let app: UInt32
    let table: String
    let rowsPerKey: Int
    let key: [UInt8]
    let uid: UInt64
    let receivedMs: Int64
    let payload: [UInt8]
  }

  struct DeadLetter: Sendable {
    let plugin: Int
    let position: UInt64
    let item: UInt32
    let app: UInt32
    let reason: String
    let step: String
    let receivedMs: Int64
    let body: [UInt8]
  }

  struct BulkHash: Sendable {
    let app: UInt32
    let slot: Int64
    let hash: UInt64
    let receivedSeconds: Int64
  }

  /// A user who was in a series on a day for the first time.
  struct DailyUser: Sendable {
    let series: Int64
    let day: Int32
    let user: UInt64
  }

  /// A consumer's position.
  package struct Position: Sendable, Equatable {
    /// 0 is the store itself.
    package let plugin: Int
    package let position: UInt64
  }

  /// The working set it comes from.
  let run: Int64
  /// Grows with every flush of a working set.
  package let generation: UInt64
  /// Everything up to here is in this flush or an earlier one.
  package let position: UInt64
  package let positions: [Position]

  /// Users who turned out to be others.
  package var merges: [MergedUser] = []
  var users = Users()
  /// Cells on their way to their place.
  var swept = CellLog()
  /// Cells on their way to the log.
  var log = CellLog()
  /// What flushes before this one logged is in its place.
  var sweptBefore: UInt64 = 0
  var series: [Series] = []
  var seriesYears: [SeriesYear] = []
  /// Names of metrics, by the number series carry.
  var metrics: [String] = []
  var counters = CounterRows()
  var documents: [Document] = []
  var rows: [PluginRow] = []
  var deadLetters: [DeadLetter] = []
  /// Numbers of dead letters whose items this flush counts.
  var settledLetters: [Int64] = []
  var ledger: [LedgerKey: Int64] = [:]
  var bulkHashes: [BulkHash] = []
  /// In the order they came.
  var daily: ContiguousArray<DailyUser> = []
  var properties: [Properties] = []
  var erasures: [Erasure] = []
  var raw = RawBlocks()
  /// What services write with it.
  package var services = ServiceRows()

  init(run: Int64, generation: UInt64, position: UInt64, positions: [Position]) {
    self.run = run
    self.generation = generation
    self.position = position
    self.positions = positions
  }

  /// Rows the main transaction writes.
  package var changedKeys: Int {
    users.count + swept.count + log.count + series.count + counters.count + documents.count
      + rows.count
      + deadLetters.count + bulkHashes.count + merges.count
  }

  /// Raw items.
  package var rawCount: Int { raw.items }
}

/// A line of the account of items: why how many of an app's items ended where they did.
struct LedgerKey: Hashable, Sendable {
  let app: UInt32
  let reason: String
}
