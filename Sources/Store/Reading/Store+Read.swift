extension Store {
  /// Answers from one consistent snapshot of everything committed. Any thread; waits while
  /// `readersMax` read.
  package func read<T>(_ body: (Snapshot) throws -> T) throws -> T {
    try pool.read { try body(Snapshot(database: $0)) }
  }
}
