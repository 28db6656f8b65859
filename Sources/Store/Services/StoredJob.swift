import Foundation
import GRDB

/// A job as the store keeps it.
package struct StoredJob: Equatable, Sendable {
  /// Where a job stands; raw values are those of `TALLY_JOB_…`.
  package enum State: Int, Sendable {
    case waiting = 0
    case running
    case done
    case failed
    case cancelled
  }

  package let id: UInt64
  package let plugin: String
  package let name: String
  /// Not empty: no other of that plugin, name and key waits or runs.
  package let key: String
  package let payload: [UInt8]
  package let priority: Int32
  package var dueMs: Int64
  package var state: State
  /// Tries begun.
  package var attempt: Int
  package var permille: Int
  /// Why the last try failed.
  package var error: String

  init(_ row: Row) {
    let (id, payload, state): (Int64, Data?, Int) = (row["id"], row["payload"], row["state"])
    self.id = UInt64(id)
    plugin = row["plugin"]
    name = row["name"]
    key = row["key"]
    self.payload = payload.map(Array.init) ?? []
    priority = row["priority"]
    dueMs = row["due_ms"]
    self.state = State(rawValue: state) ?? .failed
    attempt = row["attempt"]
    permille = row["permille"]
    error = row["error"]
  }
}

/// What a job is made of.
package struct NewJob: Sendable {
  package var plugin: String
  package var name: String
  package var key: String
  package var payload: [UInt8]
  package var priority: Int32
  package var dueMs: Int64

  package init(
    plugin: String, name: String, key: String = "", payload: [UInt8] = [], priority: Int32 = 0,
    dueMs: Int64
  ) {
    self.plugin = plugin
    self.name = name
    self.key = key
    self.payload = payload
    self.priority = priority
    self.dueMs = dueMs
  }
}

/// How making a job ended.
package enum JobInsertion: Sendable {
  case made(StoredJob)
  /// One of that name and key waits or runs.
  case taken
  /// The plugin has that many waiting already.
  case full
}

extension Store {
  /// Makes a job; durable when this returns.
  package func insert(_ new: NewJob, waitingMax: Int) throws(StoreError) -> JobInsertion {
    try administer { db in
      if !new.key.isEmpty {
        let taken = try Bool.fetchOne(
          db, sql: "SELECT 1 FROM job WHERE plugin=? AND name=? AND key=? AND state<2",
          arguments: [new.plugin, new.name, new.key])
        if taken != nil { return .taken }
      }
      let waiting = try Int.fetchOne(
        db, sql: "SELECT count(*) FROM job WHERE plugin=? AND state<2", arguments: [new.plugin])
      guard (waiting ?? 0) < waitingMax else { return .full }
      try db.execute(
        sql: """
          INSERT INTO job(plugin,name,key,payload,priority,due_ms,state,attempt,permille,error,
            finished_ms)
          VALUES(?,?,?,?,?,?,0,0,0,'',0)
          """,
        arguments: [
          new.plugin, new.name, new.key, Data(new.payload), new.priority, new.dueMs,
        ])
      let row = try Row.fetchOne(
        db, sql: "SELECT * FROM job WHERE id=?", arguments: [db.lastInsertedRowID])
      guard let row else { throw StoreError(.failed, "a job is not there after it was made") }
      return .made(StoredJob(row))
    }
  }

  /// Every job that is not finished, oldest first; what ran when a run ended waits again.
  package func unfinishedJobs() throws(StoreError) -> [StoredJob] {
    try administer { db in
      try db.execute(sql: "UPDATE job SET state=0 WHERE state=1")
      return try Row.fetchAll(db, sql: "SELECT * FROM job WHERE state=0 ORDER BY id")
        .map(StoredJob.init)
    }
  }

  /// A job of a plugin, as long as it is kept.
  package func job(_ id: UInt64, plugin: String) throws(StoreError) -> StoredJob? {
    guard let id = Int64(exactly: id) else { return nil }
    return try administer { db in
      try Row.fetchOne(
        db, sql: "SELECT * FROM job WHERE id=? AND plugin=?", arguments: [id, plugin]
      ).map(StoredJob.init)
    }
  }

  /// Keeps where a job stands.
  package func update(_ job: StoredJob, finishedMs: Int64 = 0) throws(StoreError) {
    try administer { db in
      try db.execute(
        sql: """
          UPDATE job SET state=?, due_ms=?, attempt=?, permille=?, error=?, finished_ms=?
          WHERE id=?
          """,
        arguments: [
          job.state.rawValue, job.dueMs, job.attempt, job.permille, job.error, finishedMs,
          Int64(job.id),
        ])
    }
  }

  /// Forgets jobs that were finished before a moment.
  package func forgetJobs(finishedBeforeMs edge: Int64) throws(StoreError) {
    try administer { db in
      try db.execute(
        sql: "DELETE FROM job WHERE state>=2 AND finished_ms<?", arguments: [edge])
    }
  }
}
