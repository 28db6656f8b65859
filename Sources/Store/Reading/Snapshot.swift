import GRDB

/// One consistent view of everything committed, open for the length of one `Store.read`. All
/// answers of one snapshot agree with each other. Not to be kept or shared between threads.
package struct Snapshot {
  let transaction: ReadTransaction
  /// For the query library; inside `ReadTransaction.reading` only.
  var database: Database { transaction.database }

  init(_ transaction: ReadTransaction) {
    self.transaction = transaction
  }
}
