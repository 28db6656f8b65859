import Synchronization

/// Gives member names their numbers, to whoever asks on whatever thread. Builders take new names
/// over when they begin a batch, so that a number means the same in every batch of a process.
final class NameTable: Sendable {
  /// As many as a batch can tell apart.
  static let namesMax = 4095

  private struct Names {
    var numbers: [[UInt8]: UInt32] = [:]
    var inOrder: [[UInt8]] = []
  }

  private let names = Mutex(Names())
  private let known = Atomic<Int>(0)

  /// The number of a name, beginning with 1; 0 when there are too many, or the name is empty.
  func intern(_ name: [UInt8]) -> UInt32 {
    names.withLock { names in
      if let number = names.numbers[name] { return number }
      guard !name.isEmpty, names.inOrder.count < Self.namesMax else { return 0 }
      names.inOrder.append(name)
      let number = UInt32(names.inOrder.count)
      names.numbers[name] = number
      known.store(names.inOrder.count, ordering: .releasing)
      return number
    }
  }

  /// How many names there are; cheap enough to ask for every batch.
  var count: Int { known.load(ordering: .acquiring) }

  /// The names behind the first `count`, in the order of their numbers.
  func names(after count: Int) -> ArraySlice<[UInt8]> {
    names.withLock { $0.inOrder[count...] }
  }
}
