import GRDB

/// Values of namespaces, each a JSON text of which nothing is known here.
extension Store {
  package func configuration() throws(StoreError) -> [(space: String, name: String, value: String)]
  {
    try look { try Self.configuration($0) }
  }

  static func configuration(
    _ db: Database
  ) throws -> [(space: String, name: String, value: String)] {
    try Row.fetchAll(db, sql: "SELECT space, name, value FROM configuration").map {
      ($0[0], $0[1], $0[2])
    }
  }

  /// Keeps values and a line of the audit, all or none; nil takes a value away. Durable when this
  /// returns.
  package func keepConfiguration(
    _ lines: [(space: String, name: String, value: String?)], audit: AuditLine
  ) throws(StoreError) {
    guard !lines.isEmpty else { return }
    try administer { db in
      for line in lines {
        try db.execute(
          sql: "DELETE FROM configuration WHERE space = ? AND name = ?",
          arguments: [line.space, line.name])
        guard let value = line.value else { continue }
        try db.execute(
          sql: "INSERT INTO configuration(space, name, value) VALUES(?, ?, ?)",
          arguments: [line.space, line.name, value])
      }
      try audit.insert(db, under: vault.auditKey)
    }
  }
}
