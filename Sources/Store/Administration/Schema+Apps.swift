extension Schema {
  /// `app_key` has every key an app is known by, in the order in which they came; `app.key` is the
  /// one clients are shown. `extra` are the members nobody declared. `app_removal` holds what raw items the tables have forgotten and files
  /// have not.
  static let appKeys = [
    "ALTER TABLE app ADD COLUMN id_key TEXT NOT NULL DEFAULT ''",
    "UPDATE app SET id_key = key",
    "ALTER TABLE app ADD COLUMN category TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE app ADD COLUMN type TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE app ADD COLUMN owner TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE app ADD COLUMN edited_ms INT NOT NULL DEFAULT 0",
    "ALTER TABLE app ADD COLUMN extra TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE app ADD COLUMN plugins TEXT NOT NULL DEFAULT '{}'",
    """
    CREATE TABLE app_key(
      id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, app INT NOT NULL,
      last_data_ms INT NOT NULL DEFAULT 0)
    """,
    "INSERT INTO app_key(key, app) SELECT key, id FROM app ORDER BY id",
    """
    CREATE TABLE app_removal(
      id INTEGER PRIMARY KEY AUTOINCREMENT, app INT NOT NULL, position INT NOT NULL, before_ms INT)
    """,
  ]

  /// What management says of apps: a JSON object about the events of each, and notes. `cms_entry`
  /// are texts that clients keep.
  static let appNotes = [
    "CREATE TABLE event_registry(app INTEGER PRIMARY KEY, body TEXT NOT NULL)",
    """
    CREATE TABLE note(
      id TEXT PRIMARY KEY, app INT NOT NULL, owner TEXT NOT NULL, ts_ms INT NOT NULL,
      body TEXT NOT NULL) WITHOUT ROWID
    """,
    "CREATE INDEX note_app ON note(app, ts_ms)",
    """
    CREATE TABLE cms_entry(
      namespace TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY(namespace, id)
    ) WITHOUT ROWID
    """,
  ]

  /// Entries of before are no app's.
  static let entriesOfApps = [
    "ALTER TABLE cms_entry RENAME TO cms_entry_before",
    """
    CREATE TABLE cms_entry(
      app INT NOT NULL, namespace TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
      PRIMARY KEY(app, namespace, id)) WITHOUT ROWID
    """,
    "INSERT INTO cms_entry SELECT 0, namespace, id, body FROM cms_entry_before",
    "DROP TABLE cms_entry_before",
  ]
}
