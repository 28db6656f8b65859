/// A query of a snapshot, stepped without row objects. Its statement is its own from when it is made
/// until its last reference, so that a query never meets an unfinished one of its own kind.
final class ReadStatement {
  private let transaction: ReadTransaction
  private let sql: String
  /// nil only while it goes.
  private var prepared: SQLiteStatement?

  init(_ transaction: ReadTransaction, _ sql: String) throws {
    self.transaction = transaction
    self.sql = sql
    prepared = try transaction.reading {
      try transaction.shelf.take(sql)
        ?? SQLiteStatement(handle: $0, path: ReadTransaction.file, sql: sql)
    }
  }

  deinit {
    transaction.release {
      if let prepared { transaction.shelf.put(prepared, sql) }
      prepared = nil
    }
  }

  enum Argument {
    case integer(Int64)
    case text(String)
  }

  /// Runs the query with the arguments and calls `visit` on each row.
  func forEach(_ arguments: [Argument], _ visit: (ReadStatement) throws -> Void) throws {
    try run(visit) { statement in
      for (place, argument) in arguments.enumerated() {
        switch argument {
        case .integer(let value): statement.bind(Int32(place + 1), value)
        case .text(let value): statement.bind(Int32(place + 1), copy: value)
        }
      }
    }
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
    try run(visit) { statement in
      statement.bind(1, series)
      statement.bind(2, Int64(grain.rawValue))
      statement.bind(3, Int64(buckets.lowerBound))
      statement.bind(4, Int64(buckets.upperBound))
    }
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

  private func run(
    _ visit: (ReadStatement) throws -> Void, bind: (SQLiteStatement) -> Void
  ) throws {
    try transaction.reading { _ in
      bind(statement)
      // A statement that is not reset keeps its read transaction open.
      defer { statement.reset() }
      while try statement.step() { try visit(self) }
    }
  }

  private var statement: SQLiteStatement {
    guard let prepared else { preconditionFailure("a query was run that is gone") }
    return prepared
  }
}
