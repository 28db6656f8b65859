import GRDB

/// The tables of the main file. A migration that was released is never edited; changes are new
/// migrations.
enum Schema {
  /// Marks a file as Tally's: "TLLY".
  static let applicationID: Int32 = 0x544C_4C59

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 tables") { db in
      for statement in administration + users + counters + documents + accounting {
        try db.execute(sql: statement)
      }
    }
    migrator.registerMigration("2 steps of dead letters") { db in
      try db.execute(sql: "ALTER TABLE dead_letter ADD COLUMN step TEXT NOT NULL DEFAULT 'hook 0'")
    }
    migrator.registerMigration("3 services") { db in
      for statement in services { try db.execute(sql: statement) }
    }
    migrator.registerMigration("4 newest rows of a table") { db in
      // Whatever their key; rows of one table stand in the order of their ids.
      try db.execute(sql: "CREATE INDEX plugin_row_newest ON plugin_row(plugin, app, name)")
    }
    migrator.registerMigration("6 merged users") { db in
      for statement in merges { try db.execute(sql: statement) }
    }
    migrator.registerMigration("5 sketches") { db in
      // Who was there on a day, as `UserSketch`.
      try db.execute(
        sql: """
          CREATE TABLE sketch(
            series INT NOT NULL, day INT NOT NULL, body BLOB NOT NULL, PRIMARY KEY(series, day))
          """)
    }
    migrator.registerMigration("7 search and erasure of users") { db in
      for statement in userSearch { try db.execute(sql: statement) }
    }
    migrator.registerMigration("8 rights of members") { db in
      for statement in rights { try db.execute(sql: statement) }
    }
    migrator.registerMigration("9 tokens and sealed keys") { db in
      for statement in secrets { try db.execute(sql: statement) }
    }
    migrator.registerMigration("10 the audit is a chain", migrate: AuditChain.migrate)
    migrator.registerMigration("11 attempts to log in") { db in
      for statement in logins { try db.execute(sql: statement) }
    }
    migrator.registerMigration("12 keys of apps") { db in
      for statement in appKeys { try db.execute(sql: statement) }
    }
    migrator.registerMigration("13 events and notes of apps") { db in
      for statement in appNotes { try db.execute(sql: statement) }
    }
    migrator.registerMigration("14 values of namespaces") { db in
      try db.execute(
        sql: """
          CREATE TABLE configuration(
            space TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(space, name)
          ) WITHOUT ROWID
          """)
    }
    migrator.registerMigration("15 entries of apps") { db in
      for statement in entriesOfApps { try db.execute(sql: statement) }
    }
    migrator.registerMigration("16 icons of apps") { db in
      try db.execute(sql: "CREATE TABLE app_icon(app INTEGER PRIMARY KEY, png BLOB NOT NULL)")
    }
    migrator.registerMigration("17 tokens that log in") { db in
      try db.execute(sql: "ALTER TABLE token ADD COLUMN can_login INT NOT NULL DEFAULT 0")
    }
    migrator.registerMigration("18 settings and passwords of members") { db in
      for statement in memberSettings { try db.execute(sql: statement) }
    }
    return migrator
  }

  private static let logins = [
    """
    CREATE TABLE login_attempt(
      subject TEXT PRIMARY KEY, count INT NOT NULL, last_ms INT NOT NULL, until_ms INT NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX login_attempt_last ON login_attempt(last_ms)",
  ]

  /// From here on `member.api_key` is what the key is found by (`Vault`).
  private static let secrets = [
    "ALTER TABLE member ADD COLUMN api_key_sealed BLOB",
    """
    CREATE TABLE token(
      hash TEXT PRIMARY KEY, sealed BLOB NOT NULL, kind INT NOT NULL, owner TEXT NOT NULL,
      created_s INT NOT NULL, ttl INT NOT NULL, ends INT NOT NULL, multi INT NOT NULL,
      apps TEXT NOT NULL, endpoint TEXT NOT NULL, purpose TEXT NOT NULL,
      permission TEXT NOT NULL, max_ends INT NOT NULL) WITHOUT ROWID
    """,
    "CREATE INDEX token_owner ON token(owner, kind)",
  ]

  /// `settings` is a JSON object by namespace; `password_before` what a member does not choose again.
  private static let memberSettings = [
    "ALTER TABLE member ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'",
    "CREATE TABLE password_before(id INTEGER PRIMARY KEY, member TEXT NOT NULL, hash TEXT NOT NULL)",
    "CREATE INDEX password_before_member ON password_before(member)",
  ]

  private static let rights = [
    "ALTER TABLE member ADD COLUMN permission TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE member ADD COLUMN locked INT NOT NULL DEFAULT 0",
    "ALTER TABLE member ADD COLUMN lang TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE member ADD COLUMN last_login_ms INT NOT NULL DEFAULT 0",
    "ALTER TABLE member ADD COLUMN password_changed_ms INT NOT NULL DEFAULT 0",
  ]

  /// Who goes on for whom, and from which item on (a `RawKey`): read by everything that follows a
  /// user, and by consumers that come to that item later.
  private static let merges = [
    """
    CREATE TABLE merged_user(
      app INT NOT NULL, uid INT NOT NULL, into_uid INT NOT NULL, item INT NOT NULL,
      merged_ms INT NOT NULL, PRIMARY KEY(app, uid)) WITHOUT ROWID
    """,
    "CREATE INDEX merged_user_into ON merged_user(app, into_uid)",
    "CREATE INDEX merged_user_item ON merged_user(item)",
  ]

  private static let administration = [
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    """
    CREATE TABLE app(
      id INTEGER PRIMARY KEY, hex TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      timezone TEXT NOT NULL, country TEXT NOT NULL DEFAULT '', salt TEXT NOT NULL DEFAULT '',
      redirect_url TEXT NOT NULL DEFAULT '', paused INT NOT NULL DEFAULT 0,
      locked INT NOT NULL DEFAULT 0,
      created_ms INT NOT NULL)
    """,
    """
    CREATE TABLE member(
      id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, full_name TEXT NOT NULL DEFAULT '',
      email TEXT NOT NULL DEFAULT '', password_hash TEXT, api_key TEXT NOT NULL UNIQUE,
      global_admin INT NOT NULL DEFAULT 0, created_ms INT NOT NULL) WITHOUT ROWID
    """,
    "CREATE TABLE plugin(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
  ]

  /// `cell.id` is a `CellKey`; plugin 0 is the host, whose cell holds the recent request hashes.
  /// `cell_log` holds newer cells that are not in their place yet (`CellLog`).
  private static let users = [
    """
    CREATE TABLE user(
      app INT NOT NULL, uid INT NOT NULL, device BLOB NOT NULL, created_ms INT NOT NULL,
      PRIMARY KEY(app, uid)) WITHOUT ROWID
    """,
    "CREATE UNIQUE INDEX user_device ON user(app, device)",
    "CREATE TABLE cell(id INTEGER PRIMARY KEY, data BLOB, seen BLOB)",
    """
    CREATE TABLE cell_log(
      flush INT NOT NULL, first INT NOT NULL, body BLOB NOT NULL,
      PRIMARY KEY(flush, first)) WITHOUT ROWID
    """,
    """
    CREATE TABLE bulk_hash(
      app INT NOT NULL, slot INT NOT NULL, hash INT NOT NULL, received_s INT NOT NULL,
      PRIMARY KEY(app, slot)) WITHOUT ROWID
    """,
  ]

  /// `series.id` grows in order of discovery. `series_year` says which values a year has.
  private static let counters = [
    """
    CREATE TABLE series(
      id INTEGER PRIMARY KEY, app INT NOT NULL, metric TEXT NOT NULL, subject TEXT NOT NULL,
      dimension TEXT NOT NULL, value TEXT NOT NULL, UNIQUE(app, metric, subject, dimension, value))
    """,
    """
    CREATE TABLE series_year(
      app INT NOT NULL, metric TEXT NOT NULL, subject TEXT NOT NULL, dimension TEXT NOT NULL,
      year INT NOT NULL, series INT NOT NULL,
      PRIMARY KEY(app, metric, subject, dimension, year, series)) WITHOUT ROWID
    """,
    """
    CREATE TABLE counter(
      series INT NOT NULL, grain INT NOT NULL, bucket INT NOT NULL,
      m0 INT NOT NULL DEFAULT 0, m1 INT NOT NULL DEFAULT 0, m2 INT NOT NULL DEFAULT 0,
      m3 INT NOT NULL DEFAULT 0, m4 INT NOT NULL DEFAULT 0, m5 INT NOT NULL DEFAULT 0,
      m6 INT NOT NULL DEFAULT 0, m7 INT NOT NULL DEFAULT 0,
      PRIMARY KEY(series, grain, bucket)) WITHOUT ROWID
    """,
  ]

  private static let documents = [
    """
    CREATE TABLE document(
      plugin INT NOT NULL, app INT NOT NULL, collection TEXT NOT NULL, key TEXT NOT NULL, body BLOB,
      PRIMARY KEY(plugin, app, collection, key)) WITHOUT ROWID
    """,
    """
    CREATE TABLE plugin_row(
      id INTEGER PRIMARY KEY, plugin INT NOT NULL, app INT NOT NULL, name TEXT NOT NULL,
      key TEXT NOT NULL,
      uid INT NOT NULL, received_ms INT NOT NULL, payload BLOB)
    """,
    "CREATE INDEX plugin_row_key ON plugin_row(plugin, app, name, key, id)",
  ]

  /// `consumer` 0 is the store itself: everything up to its position is committed. `flush` names
  /// the last commit.
  private static let accounting = [
    "CREATE TABLE consumer(plugin INTEGER PRIMARY KEY, position INT NOT NULL)",
    "CREATE TABLE flush(id INTEGER PRIMARY KEY, run INT NOT NULL, generation INT NOT NULL)",
    """
    CREATE TABLE dead_letter(
      id INTEGER PRIMARY KEY, plugin INT NOT NULL, position INT NOT NULL, item INT NOT NULL,
      app INT NOT NULL, reason TEXT NOT NULL, received_ms INT NOT NULL, body BLOB)
    """,
    """
    CREATE TABLE ledger(
      app INT NOT NULL, reason TEXT NOT NULL, items INT NOT NULL,
      PRIMARY KEY(app, reason)) WITHOUT ROWID
    """,
  ]
}
