import Foundation
import GRDB

/// The store of a folder as it lies there, for `tally verify`. Only reads: a server may be using
/// it, and what the next start would tidy up stays as it is.
package struct StoreInspection: Sendable {
  private let path: String
  private let rawDirectory: String
  private let keyFile: String
  private let queue: DatabaseQueue

  package init(directory: String, keyFile: String? = nil) throws(StoreError) {
    self.keyFile = keyFile ?? "\(directory)/\(KeyFile.name)"
    path = Store.mainPath(directory)
    rawDirectory = Store.rawPath(directory)
    do { queue = try Self.open(path) } catch { throw StoreError(error, file: path) }
  }

  /// Everything up to this journal position is committed.
  package func committedPosition() throws(StoreError) -> UInt64 {
    try look { try Store.position(of: 0, $0) }
  }

  /// Values of namespaces, as `Store.configuration` tells them.
  package func configuration() throws(StoreError) -> [(space: String, name: String, value: String)]
  {
    try look { try $0.tableExists("configuration") ? Store.configuration($0) : [] }
  }

  /// Counts everything, as of one commit. Visits every row: not for a server under load.
  package func counts() throws(StoreError) -> StoreCounts {
    let counts = try look { try StoreCounts(main: $0) }
    // The file of a month is written before the commit that makes its rows count.
    let end = RawKey(position: counts.position + 1, item: 0).rawValue
    var counted = counts
    for path in RawFiles.paths(in: rawDirectory) {
      let file = try SQLiteConnection(path: path, mode: .readOnly)
      counted.rawRows += Int(
        try file.integer("SELECT sum(items) FROM raw WHERE id < \(end)") ?? 0)
    }
    return counted
  }

  /// What SQLite finds wrong in any file; empty when all is well.
  package func damage() throws(StoreError) -> [String] {
    var found: [String] = []
    for path in [path] + RawFiles.paths(in: rawDirectory) {
      let file = try SQLiteConnection(path: path, mode: .readOnly)
      let statement = try file.prepare("PRAGMA integrity_check")
      while try statement.step() {
        let finding = statement.text(0)
        if finding != "ok" { found.append("\(path): \(finding)") }
      }
    }
    if let finding = try auditDamage() { found.append("\(path): \(finding)") }
    return found
  }

  /// What is wrong with the audit, or why nobody can say.
  private func auditDamage() throws(StoreError) -> String? {
    do {
      return try look { db in
        try AuditChain.damage(db, under: try Vault.auditKey(db, keyFile: keyFile))
      }
    } catch {
      guard [.missing, .foreign].contains(error.code) else { throw error }
      return error.message
    }
  }

  private func look<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
    do { return try queue.read(body) } catch { throw StoreError(error, file: path) }
  }

  private static func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.label = "inspection"
    configuration.readonly = true
    configuration.busyMode = .timeout(Double(SQLiteConnection.busyTimeoutMs) / 1_000)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.read { db in
      guard try Int32.fetchOne(db, sql: "PRAGMA application_id") == Schema.applicationID else {
        throw StoreError(
          .foreign, "\(path) is not one of Tally's files; name its folder with --data")
      }
      guard try !Schema.migrator.hasBeenSuperseded(db) else {
        throw StoreError(
          .newer, "\(path) was written by a newer version of Tally; install that version again")
      }
    }
    return queue
  }
}
