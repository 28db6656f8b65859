import Foundation

/// An item as it was received, and what hooks said about it.
package struct RawItem: Sendable, Equatable {
  package let key: RawKey
  package let app: UInt32
  package internal(set) var user: UInt64
  package let timestampMs: Int64
  package let receivedMs: Int64
  /// The item's bytes in the journal.
  package let body: [UInt8]
  /// The facts of its batch, as the pipeline keeps them.
  package let facts: [UInt8]
}

/// Reads raw items of all months in the order in which they were received. One thread at a time;
/// what is committed later is seen by later calls.
package final class RawReader {
  let directory: String
  private var files: [String: SQLiteConnection] = [:]
  /// What is nobody's any more, though files still have it.
  private let hidden: () -> [AppRemoval]

  package convenience init(_ store: Store) {
    self.init(directory: store.rawDirectory) { store.pendingRemovals }
  }

  /// Reads the raw items of a data folder, whether or not its store is open.
  package convenience init(dataFolder: String) {
    self.init(directory: Store.rawPath(dataFolder))
  }

  init(directory: String, hidden: @escaping () -> [AppRemoval] = { [] }) {
    self.directory = directory
    self.hidden = hidden
  }

  /// The items behind a key, up to and with those of a journal position: at least one when there is
  /// one, and no more than about `bytesMax` of bodies and facts.
  package func items(
    after key: RawKey, through position: UInt64, bytesMax: Int
  ) throws -> [RawItem] {
    let paths = RawFiles.paths(in: directory)
    if files.count > paths.count { files = files.filter { paths.contains($0.key) } }
    let hidden = hidden()
    var walks = try paths.map { path in
      try Walk(open(path), after: key, through: position, hidden)
    }
    return try merge(&walks, bytesMax: bytesMax)
  }

  func open(_ path: String) throws(StoreError) -> SQLiteConnection {
    if let known = files[path] { return known }
    let opened = try SQLiteConnection(path: path, mode: .readOnly)
    files[path] = opened
    return opened
  }

  /// Clocks may step back over the end of a month, so the files are merged, not read in turn.
  private func merge(_ walks: inout [Walk], bytesMax: Int) throws -> [RawItem] {
    var found: [RawItem] = []
    var bytes = 0
    while bytes < bytesMax {
      let next = walks.indices.filter { walks[$0].head != nil }
        .min { walks[$0].order < walks[$1].order }
      guard let next, let item = try walks[next].pop() else { break }
      bytes += item.body.count + item.facts.count
      found.append(item)
    }
    return found
  }

  /// The items of one file.
  private struct Walk {
    private let statement: SQLiteStatement
    private let after: Int64
    private let end: Int64
    private let hidden: [AppRemoval]
    /// Of the block at hand, the next one last.
    private var items: [RawItem] = []

    init(
      _ file: SQLiteConnection, after: RawKey, through position: UInt64, _ hidden: [AppRemoval]
    ) throws {
      self.hidden = hidden
      self.after = after.rawValue
      end = RawKey(position: position + 1, item: 0).rawValue
      statement = try file.prepare(
        """
        SELECT plain_bytes, checksum, block FROM raw
        WHERE id >= coalesce((SELECT max(id) FROM raw WHERE id <= ?1), 0) AND id < ?2 ORDER BY id
        """)
      statement.bind(1, self.after)
      statement.bind(2, end)
      try load()
    }

    var head: RawItem? { items.last }
    var order: Int64 { items.last?.key.rawValue ?? .max }

    mutating func pop() throws -> RawItem? {
      let item = items.popLast()
      if items.isEmpty { try load() }
      return item
    }

    private mutating func load() throws {
      while items.isEmpty, try statement.step() {
        let plain = try RawRecord.unpack(
          statement.bytes(2), plainBytes: Int(statement.integer(0)),
          checksum: UInt64(bitPattern: statement.integer(1)))
        var found: [RawItem] = []
        try plain.withUnsafeBytes { bytes in
          try RawRecord.forEach(bytes) { item in
            if item.key.rawValue > after, item.key.rawValue < end,
              !hidden.contains(where: { $0.takes(item) })
            {
              found.append(item)
            }
            return item.key.rawValue < end
          }
        }
        items = found.reversed()
      }
    }
  }
}
