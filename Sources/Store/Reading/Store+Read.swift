extension Store {
  /// Answers from one consistent snapshot of everything committed. Any thread; waits while
  /// `readersMax` read. After `StoreTuning.readLimit` the snapshot ends and reading fails.
  package func read<T>(_ body: (Snapshot) throws -> T) throws -> T {
    // The transaction is ours, since it may end before the body does.
    try pool.unsafeRead { database in
      let transaction = try ReadTransaction(database, caches)
      try transaction.begin()
      reads.add(transaction)
      defer {
        reads.remove(transaction)
        transaction.finish()
      }
      return try body(Snapshot(transaction))
    }
  }

  /// Snapshots that were ended because they were open for too long.
  package var readsCut: Int { reads.cutCount }
}
