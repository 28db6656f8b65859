import GRDB

/// A query of a snapshot, stepped without row objects. Prepared when it is made, and gone with its
/// last reference, so that a query never meets an unfinished one of its own kind.
struct ReadStatement {
  private let statement: SQLiteStatement

  init(_ database: Database, _ sql: String) throws {
    guard let connection = database.sqliteConnection else {
      throw StoreError(
        .failed, "the store was read after it was closed; read inside Store.read only")
    }
    statement = try SQLiteStatement(handle: connection, path: Self.file, sql: sql)
  }

  enum Argument {
    case integer(Int64)
    case text(String)
  }

  /// Runs the query with the arguments and calls `visit` on each row.
  func forEach(_ arguments: [Argument], _ visit: (ReadStatement) throws -> Void) throws {
    for (place, argument) in arguments.enumerated() {
      switch argument {
      case .integer(let value): statement.bind(Int32(place + 1), value)
      case .text(let value): statement.bind(Int32(place + 1), copy: value)
      }
    }
    try forEach(visit)
  }

  /// The first column of the first row.
  func integer(_ arguments: [Argument]) throws -> Int64? {
    var found: Int64?
    try forEach(arguments) { found = found ?? $0.integer(0) }
    return found
  }

  /// The first column of the first row.
  func text(_ arguments: [Argument]) throws -> String? {
    var found: String?
    try forEach(arguments) { found = found ?? $0.text(0) }
    return found
  }

  /// Runs a query for the buckets of one series.
  func forEach(
    series: Int64, grain: Grain, buckets: ClosedRange<Int32>, _ visit: (ReadStatement) -> Void
  ) throws {
    statement.bind(1, series)
    statement.bind(2, Int64(grain.rawValue))
    statement.bind(3, Int64(buckets.lowerBound))
    statement.bind(4, Int64(buckets.upperBound))
    try forEach(visit)
  }

  func integer(_ column: Int) -> Int64 {
    statement.integer(Int32(column))
  }

  func text(_ column: Int) -> String {
    statement.text(Int32(column))
  }

  func bytes(_ column: Int) -> [UInt8] {
    Array(statement.bytes(Int32(column)))
  }

  private func forEach(_ visit: (ReadStatement) throws -> Void) throws {
    // A statement that is not reset keeps its read transaction open.
    defer { statement.reset() }
    while try statement.step() { try visit(self) }
  }

  /// As errors name it.
  private static let file = "tally.db"
}
