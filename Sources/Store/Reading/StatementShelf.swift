import Foundation

/// Prepared queries of one reading connection that nobody runs now. Questions are made of the same
/// few, and to prepare one costs more than to run it. Unchecked, because all of it is under its lock.
final class StatementShelf: @unchecked Sendable {
  /// Statements that are kept; the room has some for every width of a metric.
  static let statementsMax = 64

  private let lock = NSLock()
  private var idle: [String: [SQLiteStatement]] = [:]
  private var count = 0

  func take(_ sql: String) -> SQLiteStatement? {
    lock.withLock {
      let statement = idle[sql]?.popLast()
      if statement != nil { count -= 1 }
      return statement
    }
  }

  /// Keeps a statement that was reset.
  func put(_ statement: SQLiteStatement, _ sql: String) {
    lock.withLock {
      guard count < Self.statementsMax else { return }
      count += 1
      idle[sql, default: []].append(statement)
    }
  }
}
