import Foundation

/// What reading connections share, and what they keep between questions.
final class ReadCaches: @unchecked Sendable {
  let commits = CommitCounter()
  let months = MonthCache()
  let sketches = SketchCache()
  private let lock = NSLock()
  /// By connection, of which there are never more than `Store.readersMax`.
  private var shelves: [OpaquePointer: StatementShelf] = [:]

  func shelf(of connection: OpaquePointer) -> StatementShelf {
    lock.withLock {
      let shelf = shelves[connection] ?? StatementShelf()
      shelves[connection] = shelf
      return shelf
    }
  }

  /// Lets go of all statements, without which no connection closes.
  func letGo() { lock.withLock { shelves = [:] } }
}
