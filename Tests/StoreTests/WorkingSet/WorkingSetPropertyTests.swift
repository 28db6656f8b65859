import Foundation
import GRDB
import Testing

@testable import Store

/// Random streams through a working set that can keep almost nothing, against plain dictionaries:
/// with flushes under way, commits that fail at random points, and restarts.
@Suite struct WorkingSetPropertyTests {
  private struct PowerCut: Error {}

  private static let metric = MetricDefinition(
    plugin: "p", name: "m",
    measures: [
      Measure(name: "c", kind: .sum, grains: 1 | 2 | 16),
      Measure(name: "u", kind: .unique, grains: Grain.all),
      Measure(name: "n", kind: .new, grains: 2 | 16),
    ],
    dimensions: [Dimension(name: "cc", meta: "ccs", valueLimit: 4, measures: 0b011)],
    subjectLimit: 4, dimensionLimit: 3, valueLimit: 3)

  /// One stream: the store, the model, and what the model said at the last commit.
  private final class Stream {
    let fixture: StoreFixture
    var generator: SplitMix
    var model = WorkingSetModel(metric: WorkingSetPropertyTests.metric)
    var committed = WorkingSetModel(metric: WorkingSetPropertyTests.metric)
    var metric = 0
    var plugin = 0
    var position: UInt64 = 0
    var evictions = 0

    init(seed: UInt64, cacheBytesMax: Int) throws {
      generator = SplitMix(seed: seed)
      var limits = WorkingSetLimits(cacheBytesMax: cacheBytesMax)
      limits.sweepFlushes = Int(seed % 5) + 1
      limits.unsweptFlushesMax = 10
      fixture = try StoreFixture(limits: limits)
      try register()
    }

    func register() throws {
      metric = fixture.set.register(WorkingSetPropertyTests.metric)
      plugin = try fixture.set.plugin("p")
    }

    func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }
  }

  @Test("A tiny cache, failing commits and restarts change nothing", arguments: 0..<12)
  func property(seed: UInt64) throws {
    let stream = try Stream(seed: seed, cacheBytesMax: seed % 3 == 0 ? 0 : 20_000)
    for _ in 0..<60 {
      for _ in 0..<stream.pick(60) { try Self.request(stream) }
      try Self.flush(stream)
      if stream.pick(12) == 0 {
        try stream.fixture.reopen()
        try stream.register()
        stream.model = stream.committed
        stream.position = stream.fixture.store.committedPosition
      }
    }
    try Self.compare(stream)
    // Otherwise this would be a test of a cache that is never too small.
    #expect(stream.evictions > 10)
  }

  // MARK: The stream

  private static func request(_ stream: Stream) throws {
    stream.position += 1
    let app = UInt32(stream.pick(2) + 1)
    let key = WorkingSetModel.UserKey(app: app, device: "device \(stream.pick(50))")
    let user = try stream.fixture.user(key.device, app: app)
    let (uid, isNew) = stream.model.user(key)
    #expect(user.uid == uid && user.isNew == isNew)
    let hash = UInt64(stream.pick(60) + 1)
    let isDuplicate = stream.model.isDuplicate(key, hash)
    #expect(
      try stream.fixture.set.isDuplicate(user: user.slot, hash: hash, receivedMs: 1_750_000_000_000)
        == isDuplicate)
    if isDuplicate { return }
    try changeCell(stream, key, user.slot)
    try count(stream, key, user.slot, isNew: isNew)
    if stream.pick(3) == 0 { try document(stream, app) }
    if stream.pick(3) == 0 { try row(stream, app, uid) }
    stream.fixture.raw(position: stream.position)
    stream.model.raw.append(stream.position)
    stream.fixture.set.ledger(app: app, reason: "stored", 1)
    stream.model.ledger["\(app) stored", default: 0] += 1
  }

  private static func changeCell(
    _ stream: Stream, _ key: WorkingSetModel.UserKey, _ slot: Int32
  ) throws {
    let plugin = stream.pick(3) + 1
    let id = WorkingSetModel.CellID(user: key, plugin: plugin)
    let set = stream.fixture.set
    #expect(try set.cell(user: slot, plugin: plugin) == stream.model.cells[id] ?? [])
    guard stream.pick(4) > 0 else { return }
    let bytes = (0..<stream.pick(300)).map { _ in UInt8(stream.pick(256)) }
    try set.setCell(user: slot, plugin: plugin, bytes)
    stream.model.cells[id] = bytes
  }

  private static func count(
    _ stream: Stream, _ key: WorkingSetModel.UserKey, _ slot: Int32, isNew: Bool
  ) throws {
    let set = stream.fixture.set
    // Hours around new year 2025.
    let hour = Int32(20_089 * 24 + stream.pick(200) - 100)
    let year = Grain.year.bucket(ofHour: hour)
    let given = ["s\(stream.pick(7))", ["", "cc", "d\(stream.pick(6))"][stream.pick(3)]]
    let value = given[1].isEmpty ? "" : "v\(stream.pick(7))"
    func line(_ name: [String], _ value: String) throws -> Int32 {
      try stream.fixture.series(
        stream.metric, app: key.app, subject: name[0], dimension: name[1], value: value, year: year)
    }
    if stream.pick(5) == 0 {
      // A call that fails: names nobody else uses, so that the limits would notice what stayed.
      let mark = set.seriesMark
      _ = try line(["bad\(stream.pick(3))", "cc"], "bad")
      _ = try line([given[0], "bad"], "bad\(stream.pick(5))")
      set.discardSeries(since: mark)
    }
    let slotOfLine = try line(given, value)
    let names = stream.model.fit(app: key.app, given[0], given[1], value, year: year)
    let amount = Int64(stream.pick(5))
    stream.fixture.add(slotOfLine, hour: hour, amount, 0, 0)
    stream.model.add(app: key.app, names, hour: hour, [amount, 0, 0], [.sum])
    var seen = try set.seen(user: slot, plugin: stream.plugin)
    let grains = seen.insert(series: set.seriesID(slotOfLine), hour: hour)
    if grains != 0 { try set.setSeen(user: slot, plugin: stream.plugin, seen) }
    let expected = stream.model.see(key, app: key.app, names, hour: hour)
    #expect(grains == expected)
    set.addUnique(series: slotOfLine, user: 1, grains: grains, hour: hour, firstTime: isNew)
    for grain in Grain.allCases where expected & grain.rawValue != 0 {
      stream.model.add(unique: grain, app: key.app, names, hour: hour)
    }
    if isNew { stream.model.add(app: key.app, names, hour: hour, [0, 0, 1], [.new]) }
  }

  private static func document(_ stream: Stream, _ app: UInt32) throws {
    let name = "doc\(stream.pick(8))"
    let key = "\(app) \(name)"
    let set = stream.fixture.set
    let stored = try set.document(plugin: 1, app: app, collection: "c", key: Array(name.utf8))
    #expect(stored == stream.model.documents[key])
    let body = (0..<stream.pick(100)).map { _ in UInt8(stream.pick(256)) }
    try set.setDocument(
      plugin: 1, app: app, collection: "c", key: Array(name.utf8), body, documentLimit: 5)
    let others = stream.model.documents.keys.filter { $0.hasPrefix("\(app) ") }.count
    if stored != nil || others < 5 {
      stream.model.documents[key] = body
    } else {
      stream.model.ledger["\(app) limit:document", default: 0] += 1
    }
  }

  private static func row(_ stream: Stream, _ app: UInt32, _ uid: UInt64) throws {
    let name = "key\(stream.pick(3))"
    try Array(name.utf8).withUnsafeBytes { key in
      try stream.fixture.set.appendRow(
        plugin: 1, app: app, table: "t", rowsPerKey: 4, key: key, uid: uid,
        receivedMs: Int64(stream.position), payload: key)
    }
    let rows = stream.model.rows["\(app) \(name)", default: []] + [stream.position]
    stream.model.rows["\(app) \(name)"] = rows.suffix(4)
  }

  // MARK: Flushing

  /// A flush under way, and what the model said when it was taken.
  private struct Taken {
    let flush: Flush
    let model: WorkingSetModel
  }

  private static func flush(_ stream: Stream) throws {
    var taken: [Taken] = []
    // Sometimes the writer is slow, and a second flush waits behind the first.
    for _ in 0...stream.pick(2) {
      let flush = stream.fixture.set.takeFlush(through: stream.position, positions: [])
      taken.append(Taken(flush: flush, model: stream.model))
      // The pipeline goes on meanwhile, and looks at what is under way.
      for _ in 0..<stream.pick(20) { try request(stream) }
    }
    for flush in taken {
      guard try commit(flush, stream) else { return }
      for _ in 0..<stream.pick(5) { try request(stream) }
    }
  }

  /// False when the commit failed and everything began again from the file.
  private static func commit(_ taken: Taken, _ stream: Stream) throws -> Bool {
    let (store, set) = (stream.fixture.store, stream.fixture.set)
    let fault = stream.pick(8) == 0 ? StoreFault.allCases[stream.pick(4)] : nil
    do throws(StoreError) {
      try store.commit(taken.flush) { if $0 == fault { throw PowerCut() } }
    } catch {
      if fault == .afterMain { stream.committed = taken.model }
      stream.model = stream.committed
      try set.reset()
      stream.position = store.committedPosition
      return false
    }
    stream.committed = taken.model
    try readCells(stream)
    let before = set.cacheBytes
    set.didCommit(taken.flush)
    if set.cacheBytes < before { stream.evictions += 1 }
    return true
  }

  /// Readers see what is committed, whether the log has it or its place.
  private static func readCells(_ stream: Stream) throws {
    for (id, bytes) in stream.committed.cells where stream.pick(8) == 0 {
      let user = stream.committed.uids[id.user] ?? 0
      let key = CellKey(app: id.user.app, user: user, plugin: id.plugin)
      #expect(try stream.fixture.store.read { try $0.committedCell(key) ?? [] } == bytes)
    }
  }

  // MARK: Comparing

  private static func compare(_ stream: Stream) throws {
    try stream.fixture.reopen()
    let model = stream.committed
    let fixture = stream.fixture
    #expect(try fixture.counters() == model.counters)
    #expect(try fixture.rawKeys().map(\.position) == model.raw)
    #expect(try fixture.ledger() == model.ledger)
    #expect(try fixture.store.counts().users == model.uids.count)
    for (id, bytes) in model.cells {
      let key = CellKey(app: id.user.app, user: model.uids[id.user] ?? 0, plugin: id.plugin)
      #expect(try fixture.store.read { try $0.committedCell(key) ?? [] } == bytes)
    }
    for (id, bytes) in model.cells {
      let user = try fixture.user(id.user.device, app: id.user.app)
      #expect(user.uid == model.uids[id.user])
      #expect(try fixture.set.cell(user: user.slot, plugin: id.plugin) == bytes)
    }
    let rows = try fixture.store.pool.read {
      try Row.fetchAll($0, sql: "SELECT app, key, received_ms FROM plugin_row ORDER BY id")
    }
    let found = Dictionary(grouping: rows) { "\($0["app"] as Int64) \($0["key"] as String)" }
    #expect(found.mapValues { $0.map { $0["received_ms"] as UInt64 } } == model.rows)
    let documents = try fixture.store.pool.read {
      try Row.fetchAll($0, sql: "SELECT app, key, body FROM document")
    }
    #expect(documents.count == model.documents.count)
    for row in documents {
      let body: [UInt8] = (row["body"] as Data?).map(Array.init) ?? []
      #expect(body == model.documents["\(row["app"] as Int64) \(row["key"] as String)"])
    }
    #expect(try fixture.store.damage() == [])
  }
}

extension WorkingSetModel {
  /// One more user in one grain.
  fileprivate mutating func add(unique grain: Grain, app: UInt32, _ names: [String], hour: Int32) {
    var one = self
    one.counters = [:]
    one.add(app: app, names, hour: hour, [0, 1, 0], [.unique])
    for (key, values) in one.counters
    where key.hasSuffix(" \(grain.rawValue) \(grain.bucket(ofHour: hour))") {
      counters[key, default: [Int64](repeating: 0, count: 8)][1] += values[1]
    }
  }
}
