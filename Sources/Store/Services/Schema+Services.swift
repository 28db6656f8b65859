extension Schema {
  /// `outbox` holds records that hooks made, until the commit that counts them. `kv_usage` is the
  /// sum of a plugin's `kv`, kept with every write.
  static let services = [
    """
    CREATE TABLE outbox(
      position INT NOT NULL, item INT NOT NULL, plugin INT NOT NULL, place INT NOT NULL,
      app INT NOT NULL, depth INT NOT NULL, received_ms INT NOT NULL, device BLOB NOT NULL,
      object BLOB NOT NULL, PRIMARY KEY(position, item, plugin, place)) WITHOUT ROWID
    """,
    """
    CREATE TABLE kv(
      plugin TEXT NOT NULL, app INT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
      version INT NOT NULL, expires_ms INT NOT NULL,
      PRIMARY KEY(plugin, app, key)) WITHOUT ROWID
    """,
    "CREATE INDEX kv_expiry ON kv(expires_ms) WHERE expires_ms > 0",
    """
    CREATE TABLE kv_usage(
      plugin TEXT PRIMARY KEY, keys INT NOT NULL, bytes INT NOT NULL, version INT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE job(
      id INTEGER PRIMARY KEY AUTOINCREMENT, plugin TEXT NOT NULL, name TEXT NOT NULL,
      key TEXT NOT NULL, payload BLOB NOT NULL, priority INT NOT NULL, due_ms INT NOT NULL,
      state INT NOT NULL, attempt INT NOT NULL, permille INT NOT NULL, error TEXT NOT NULL,
      finished_ms INT NOT NULL)
    """,
    "CREATE INDEX job_plugin ON job(plugin, state)",
    "CREATE INDEX job_finished ON job(finished_ms) WHERE state >= 2",
    """
    CREATE TABLE audit(
      id INTEGER PRIMARY KEY, at_ms INT NOT NULL, plugin TEXT NOT NULL, member TEXT NOT NULL,
      app INT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL)
    """,
  ]
}
