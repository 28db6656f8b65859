import PluginKit

/// The agents that were read last, each found by its text. Bounded: sets of a few places, of which
/// the one used least lately is given up. One thread at a time.
struct AgentCache {
  /// Places of one set.
  static let ways = 8

  private var hashes: [UInt64]
  private var agents: [Agent?]
  private let mask: Int
  /// Agents that had to give up their place.
  private(set) var evictions = 0

  /// Room for `limit` agents: twice as many places, so that few sets are full before that.
  init(limit: Int) {
    var sets = 1
    while sets * Self.ways < 2 * limit { sets *= 2 }
    mask = sets - 1
    hashes = Array(repeating: 0, count: sets * Self.ways)
    agents = Array(repeating: nil, count: sets * Self.ways)
  }

  /// How many agents there can be.
  var places: Int { agents.count }

  /// The agent with that text; `read` makes it when it is not here.
  @inline(__always)
  mutating func agent(
    _ text: UnsafeRawBufferPointer, read: (UnsafeRawBufferPointer) -> Agent
  ) -> Agent {
    let hash = Self.hash(text)
    let first = (Int(truncatingIfNeeded: hash >> 32) & mask) * Self.ways
    for way in first..<first + Self.ways where hashes[way] == hash {
      guard let agent = agents[way], Self.isEqual(agent.text, text) else { continue }
      if way > first { swap(way, way - 1) }
      return agent
    }
    return insert(read(text), hash, first)
  }

  /// The newest takes the last place and moves forward when it is asked for again.
  @inline(never)
  private mutating func insert(_ agent: Agent, _ hash: UInt64, _ first: Int) -> Agent {
    let last = first + Self.ways - 1
    let place = (first...last).first { agents[$0] == nil } ?? last
    if agents[place] != nil { evictions += 1 }
    agents[place] = agent
    hashes[place] = hash
    return agent
  }

  private mutating func swap(_ one: Int, _ other: Int) {
    agents.swapAt(one, other)
    hashes.swapAt(one, other)
  }

  @inline(__always)
  private static func isEqual(_ one: [UInt8], _ other: UnsafeRawBufferPointer) -> Bool {
    one.withUnsafeBytes {
      Text($0.baseAddress, count: $0.count) == Text(other.baseAddress, count: other.count)
    }
  }

  /// Eight bytes at a time. Whoever finds texts with equal hashes costs himself a place.
  @inline(__always)
  static func hash(_ text: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: text.count) &* 0x9E37_79B9_7F4A_7C15
    var place = 0
    while place + 8 <= text.count {
      hash = mixed(hash, text.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      place += 8
    }
    var rest: UInt64 = 0
    while place < text.count {
      rest = rest << 8 | UInt64(text[place])
      place += 1
    }
    return mixed(hash, rest) | 1
  }

  @inline(__always)
  private static func mixed(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let (high, low) = (hash ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return high ^ low &+ hash
  }
}
