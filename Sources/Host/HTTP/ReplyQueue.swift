import NIOCore

/// Keeps a connection's replies in the order of its requests, whatever order they become known in.
struct ReplyQueue {
  private enum Entry {
    /// The answer comes with a later `resolve`; until then how it will treat the connection.
    case waiting(Reply.Connection)
    case known(Reply)
  }

  private var entries = CircularBuffer<Entry>(initialCapacity: 2)
  /// The number of the first entry.
  private var first: UInt32 = 0

  /// Requests not yet answered.
  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }

  /// Adds a reply that will be known later; answers its number.
  mutating func expect(_ connection: Reply.Connection) -> UInt32 {
    let number = first &+ UInt32(entries.count)
    entries.append(.waiting(connection))
    return number
  }

  /// The number of the reply taken last.
  var lastTaken: UInt32 { first &- 1 }

  /// Adds a reply that is known.
  mutating func push(_ reply: Reply) {
    entries.append(.known(reply))
  }

  /// Makes an expected reply known. A number that is not waiting is ignored.
  mutating func resolve(_ number: UInt32, _ content: Reply.Content) {
    let offset = Int(number &- first)
    guard offset < entries.count else { return }
    let index = entries.index(entries.startIndex, offsetBy: offset)
    guard case .waiting(let connection) = entries[index] else { return }
    entries[index] = .known(Reply(content: content, connection: connection))
  }

  /// Takes the next reply whose turn it is; nil when its request still waits.
  mutating func next() -> Reply? {
    guard let entry = entries.first, case .known(let reply) = entry else { return nil }
    entries.removeFirst()
    first &+= 1
    return reply
  }
}
