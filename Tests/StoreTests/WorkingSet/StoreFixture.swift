import Foundation
import GRDB

@testable import Store

/// A store in a temporary folder of its own, which goes away with the fixture.
final class StoreFixture {
  let directory: String
  private(set) var store: Store
  private(set) var set: WorkingSet
  private let limits: WorkingSetLimits
  private let tuning: StoreTuning
  var position: UInt64 = 0

  init(
    limits: WorkingSetLimits = WorkingSetLimits(), tuning: StoreTuning = StoreTuning()
  ) throws {
    directory =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("tally-store-\(UUID().uuidString)").path
    self.limits = limits
    self.tuning = tuning
    store = try Store.open(directory: directory, tuning: tuning)
    set = try store.workingSet(limits: limits)
  }

  deinit {
    try? store.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Closes the store and opens it again, as a restart does.
  func reopen() throws {
    try store.close()
    store = try Store.open(directory: directory, tuning: tuning)
    set = try store.workingSet(limits: limits)
    position = store.committedPosition
  }

  /// Takes, commits and settles everything up to `position`, which moves on by one.
  func flush() throws {
    position += 1
    let flush = set.takeFlush(through: position, positions: [])
    try store.commit(flush)
    set.didCommit(flush)
  }

  // MARK: Shorthands

  func user(_ device: String, app: UInt32 = 1) throws -> (slot: Int32, uid: UInt64, isNew: Bool) {
    try Array(device.utf8).withUnsafeBytes { try set.user(app: app, device: $0, nowMs: 1_000) }
  }

  func series(
    _ metric: Int, app: UInt32 = 1, subject: String = "", dimension: String = "",
    value: String = "",
    year: Int32 = 2025
  ) throws -> Int32 {
    try Array(subject.utf8).withUnsafeBytes { subject in
      try Array(dimension.utf8).withUnsafeBytes { dimension in
        try Array(value.utf8).withUnsafeBytes { value in
          try set.series(
            LineName(
              app: app, metric: metric, subject: subject, dimension: dimension, value: value),
            year: year)
        }
      }
    }
  }

  func add(_ series: Int32, hour: Int32, _ values: Int64...) {
    values.withUnsafeBufferPointer { set.add(series: series, hour: hour, values: $0) }
  }

  func raw(position: UInt64, item: UInt32 = 0, receivedMs: Int64 = 1_750_000_000_000) {
    let body = Array("body \(position)".utf8)
    body.withUnsafeBytes { body in
      set.appendRaw(
        position: position, item: item, app: 1, uid: 7, timestampMs: receivedMs - 5,
        receivedMs: receivedMs, body: body, facts: UnsafeRawBufferPointer(start: nil, count: 0))
    }
  }

  // MARK: What the files say

  /// All counters as "app metric subject/dimension/value grain bucket" → measures.
  func counters() throws -> [String: [Int64]] {
    var found: [String: [Int64]] = [:]
    let sql = "SELECT * FROM counter JOIN series ON series.id = counter.series"
    for row in try store.pool.read({ try Row.fetchAll($0, sql: sql) }) {
      let app: Int64 = row["app"]
      let metric: String = row["metric"]
      let names = ["subject", "dimension", "value"].map { row[$0] as String }
      let grain: Int64 = row["grain"]
      let bucket: Int64 = row["bucket"]
      let key = "\(app) \(metric) \(names.joined(separator: "/")) \(grain) \(bucket)"
      found[key] = (0..<8).map { row["m\($0)"] }
    }
    return found
  }

  /// Positions and items of all raw items, file by file.
  func rawKeys() throws -> [RawKey] { try rawItems().map(\.key) }

  /// All raw items, file by file.
  func rawItems() throws -> [RawItem] {
    var found: [RawItem] = []
    for path in RawFiles.paths(in: store.rawDirectory) {
      let file = try SQLiteConnection(path: path, mode: .readOnly)
      let statement = try file.prepare("SELECT plain_bytes, checksum, block FROM raw ORDER BY id")
      while try statement.step() {
        let plain = try RawRecord.unpack(
          statement.bytes(2), plainBytes: Int(statement.integer(0)),
          checksum: UInt64(bitPattern: statement.integer(1)))
        try plain.withUnsafeBytes { bytes in
          try RawRecord.forEach(bytes) { item in
            found.append(item)
            return true
          }
        }
      }
    }
    return found
  }

  func ledger() throws -> [String: Int64] {
    Dictionary(
      uniqueKeysWithValues: try store.counts().ledger.map { ("\($0.app) \($0.reason)", $0.items) })
  }

  /// One device's user becomes another's; `join` makes one cell of two.
  func merge(
    _ old: String, into new: String, position: UInt64,
    join: ([UInt8], [UInt8]) -> [UInt8]? = { _, _ in nil }
  ) throws {
    let (from, into) = (try user(old), try user(new))
    let merge = MergedUser(
      app: 1, from: from.uid, into: into.uid, key: RawKey(position: position, item: 0), atMs: 5)
    set.mergeCells(from.slot, into: into.slot, plugin: 3, join)
    set.merge(merge, from: from.slot, into: into.slot)
  }
}
