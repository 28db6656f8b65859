/// The requests of one event loop that wait for the journal. A token names a slot and its
/// generation, so that one which comes twice or too late finds nothing. The highest bit is left to
/// whoever carries a token.
struct TokenTable {
  private struct Slot {
    var generation: UInt32 = 0
    var request: UInt32 = 0
    var connection: SDKLaneHandler?
    var nextFree: Int32 = -1
  }

  private var slots: ContiguousArray<Slot> = []
  private var firstFree: Int32 = -1
  private let limit: Int
  private static let generationMax: UInt32 = 0x7FFF_FFFF
  /// Slots in use.
  private(set) var count = 0

  init(limit: Int) {
    self.limit = limit
  }

  /// A token for a request, or nil when as many wait as may.
  @inline(__always)
  mutating func take(_ connection: SDKLaneHandler, request: UInt32) -> UInt64? {
    guard count < limit else { return nil }
    if firstFree < 0 {
      firstFree = Int32(slots.count)
      slots.append(Slot())
    }
    let index = Int(firstFree)
    firstFree = slots[index].nextFree
    slots[index].connection = connection
    slots[index].request = request
    count += 1
    return UInt64(slots[index].generation) << 32 | UInt64(index)
  }

  /// Whose request a token stands for, which goes on waiting.
  func owner(of token: UInt64) -> (connection: SDKLaneHandler, request: UInt32)? {
    let index = Int(token & 0xFFFF_FFFF)
    guard index < slots.count, slots[index].generation == UInt32(token >> 32),
      let connection = slots[index].connection
    else { return nil }
    return (connection, slots[index].request)
  }

  /// Whose request a token stands for; the token is used up. Nil when it already was.
  @inline(__always)
  mutating func redeem(_ token: UInt64) -> (connection: SDKLaneHandler, request: UInt32)? {
    let index = Int(token & 0xFFFF_FFFF)
    guard index < slots.count, slots[index].generation == UInt32(token >> 32),
      let connection = slots[index].connection
    else { return nil }
    slots[index].connection = nil
    slots[index].generation = (slots[index].generation &+ 1) & Self.generationMax
    slots[index].nextFree = firstFree
    firstFree = Int32(index)
    count -= 1
    return (connection, slots[index].request)
  }
}
