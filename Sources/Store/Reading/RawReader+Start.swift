/// Where to begin reading what was received lately.
extension RawReader {
  /// Where it begins.
  package struct Start: Equatable, Sendable {
    /// The items behind this position are meant.
    package let position: UInt64
    /// When the first of these was received, if older ones were left out for their number.
    package let receivedMs: Int64?
  }

  /// Blocks between two looks at the time of receipt.
  private static let stride = 64

  /// Finds the items that were received since a moment, up to those of a position: a few older ones
  /// too, and of very many the newest `itemsMax` or somewhat more. Clocks are taken to go forward.
  package func start(since ms: Int64, itemsMax: Int, through position: UInt64) throws -> Start {
    let end = RawKey(position: position + 1, item: 0).rawValue
    var items = 0
    var blocks = 0
    var first: Int64?
    for path in RawFiles.paths(in: directory).reversed() {
      let file = try open(path)
      let list = try file.prepare("SELECT id, items FROM raw WHERE id < ? ORDER BY id DESC")
      let block = try file.prepare("SELECT plain_bytes, checksum, block FROM raw WHERE id = ?")
      list.bind(1, end)
      while try list.step() {
        let id = list.integer(0)
        first = min(first ?? id, id)
        blocks += 1
        items += Int(list.integer(1))
        let isFull = items >= itemsMax
        guard isFull || blocks % Self.stride == 0 else { continue }
        let receivedMs = try received(block, id)
        let isOld = receivedMs < ms
        if isOld || isFull {
          return Start(position: Self.before(id), receivedMs: isOld ? nil : receivedMs)
        }
      }
    }
    return Start(position: first.map(Self.before) ?? position, receivedMs: nil)
  }

  /// When the first item of a block was received.
  private func received(_ statement: SQLiteStatement, _ id: Int64) throws -> Int64 {
    statement.bind(1, id)
    defer { statement.reset() }
    guard try statement.step() else { return .min }
    let plain = try RawRecord.unpack(
      statement.bytes(2), plainBytes: Int(statement.integer(0)),
      checksum: UInt64(bitPattern: statement.integer(1)))
    var found = Int64.min
    try plain.withUnsafeBytes { bytes in
      try RawRecord.forEach(bytes) { item in
        found = item.receivedMs
        return false
      }
    }
    return found
  }

  /// A request may reach over two blocks.
  private static func before(_ id: Int64) -> UInt64 {
    let position = RawKey(rawValue: id).position
    return position > 0 ? position - 1 : 0
  }
}
