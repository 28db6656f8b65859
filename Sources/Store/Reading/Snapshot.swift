import GRDB

/// One consistent view of everything committed, open for the length of one `Store.read`. All
/// answers of one snapshot agree with each other. Not to be kept or shared between threads.
package struct Snapshot {
  let database: Database

  init(database: Database) {
    self.database = database
  }
}
