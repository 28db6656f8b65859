import GRDB
import Store

extension Store {
  /// Commits rows of services alone, as the last flush of a run that ended then.
  func put(_ rows: ServiceRows) throws {
    let set = try workingSet()
    var flush = set.takeFlush(through: committedPosition, positions: [])
    flush.services = rows
    try commit(flush)
  }

  /// Why items or commands became dead letters, oldest first.
  func deadLetterReasons() throws -> [String] {
    try DatabaseQueue(path: path).read {
      try String.fetchAll($0, sql: "SELECT reason FROM dead_letter ORDER BY id")
    }
  }
}
