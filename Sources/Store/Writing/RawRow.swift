/// Raw items on their way to the month files: fixed records, and one buffer with the bytes they
/// point into.
struct RawRows: Sendable {
  struct Row: Sendable {
    let key: RawKey
    let app: UInt32
    let user: UInt64
    let timestampMs: Int64
    let receivedMs: Int64
    let offset: Int
    let bodyCount: Int
    let factsCount: Int
    let month: Int32
  }

  private(set) var rows: ContiguousArray<Row> = []
  private(set) var bytes: ContiguousArray<UInt8> = []
  private var month = MonthOfReceipt()

  var isEmpty: Bool { rows.isEmpty }

  mutating func append(
    key: RawKey, app: UInt32, user: UInt64, timestampMs: Int64, receivedMs: Int64,
    body: UnsafeRawBufferPointer, facts: UnsafeRawBufferPointer
  ) {
    rows.append(
      Row(
        key: key, app: app, user: user, timestampMs: timestampMs, receivedMs: receivedMs,
        offset: bytes.count, bodyCount: body.count, factsCount: facts.count,
        month: month.of(ms: receivedMs)))
    bytes.append(contentsOf: body)
    bytes.append(contentsOf: facts)
  }

  /// Items of one request come together and positions only grow, so this rarely has anything to do.
  mutating func sort() {
    let isSorted = zip(rows, rows.dropFirst()).allSatisfy { $0.key.rawValue < $1.key.rawValue }
    if !isSorted { rows.sort { $0.key.rawValue < $1.key.rawValue } }
  }

  /// Room for about as much as another one has.
  static func sized(like other: RawRows) -> RawRows {
    var made = RawRows()
    made.rows.reserveCapacity(other.rows.count + other.rows.count / 8)
    made.bytes.reserveCapacity(other.bytes.count + other.bytes.count / 8)
    return made
  }
}

/// The month of receipt, `year * 100 + month` in UTC, remembering the month last asked for.
struct MonthOfReceipt: Sendable {
  private static let msPerDay: Int64 = 86_400_000
  private var range: Range<Int64> = 0..<0
  private var month: Int32 = 0

  mutating func of(ms: Int64) -> Int32 {
    if range.contains(ms) { return month }
    let farthest = Int64(Int32.max) * Self.msPerDay / 4
    let bounded = min(max(ms, 0), farthest)
    let date = CivilDate(day: Int32(bounded / Self.msPerDay))
    let first = CivilDate.ordinal(year: date.year, month: date.month, day: 1)
    let next = CivilDate.ordinal(
      year: date.month == 12 ? date.year + 1 : date.year, month: date.month % 12 + 1, day: 1)
    month = date.year * 100 + date.month
    range = Int64(first) * Self.msPerDay..<Int64(next) * Self.msPerDay
    return month
  }
}
