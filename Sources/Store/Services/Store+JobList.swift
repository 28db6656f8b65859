import GRDB

/// A job as a list shows it.
package struct ListedJob: Equatable, Sendable {
  package let job: StoredJob
  /// 0 while it waits or runs.
  package let finishedMs: Int64
}

extension Store {
  /// The newest jobs that are kept, newest first.
  package func jobs(limit: Int) throws(StoreError) -> [ListedJob] {
    try look { db in
      try Row.fetchAll(db, sql: "SELECT * FROM job ORDER BY id DESC LIMIT ?", arguments: [limit])
        .map { ListedJob(job: StoredJob($0), finishedMs: $0["finished_ms"]) }
    }
  }
}
