extension Schema {
  /// `user_property` is what users are found by. `erasure` holds users that are gone from the
  /// tables and not yet from raw items, the journal and dead letters.
  static let userSearch = [
    """
    CREATE TABLE user_property(
      app INT NOT NULL, plugin INT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
      uid INT NOT NULL, PRIMARY KEY(app, name, value, uid, plugin)) WITHOUT ROWID
    """,
    "CREATE INDEX user_property_user ON user_property(app, uid, plugin)",
    "CREATE INDEX plugin_row_user ON plugin_row(app, uid) WHERE uid > 0",
    """
    CREATE TABLE erasure(
      app INT NOT NULL, uid INT NOT NULL, device BLOB NOT NULL, PRIMARY KEY(app, uid)
    ) WITHOUT ROWID
    """,
  ]
}
