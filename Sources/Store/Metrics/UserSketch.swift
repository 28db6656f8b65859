/// How many different users, of one day or of many put together: a list of them up to `exactMax`,
/// then the registers of a HyperLogLog, from which the number is estimated. Putting two together
/// tells what one would that had seen all users of both; the order makes no difference.
package struct UserSketch: Equatable, Sendable {
  /// Users up to which the count is exact.
  package static let exactMax = 1_000
  /// The standard error beyond, as a share of the count: 1.04 / √registers.
  package static let standardError = 0.008125

  private static let precision: UInt64 = 14
  private static let registersCount = 1 << 14

  private enum Content: Equatable {
    /// In order, each once.
    case users([UInt64])
    /// The longest run of leading zeros seen, and one more.
    case registers([UInt8])
  }

  private var content = Content.users([])

  package init() {}

  package var isExact: Bool {
    if case .users = content { true } else { false }
  }

  /// The number of users, exact or estimated.
  package var count: Int64 {
    switch content {
    case .users(let users): Int64(users.count)
    case .registers(let registers): Int64(Self.estimate(registers).rounded())
    }
  }

  /// Adds users, in any order, again or for the first time.
  package mutating func insert(_ users: some Sequence<UInt64>) {
    switch content {
    case .users(let known): keep(Self.union(known, users.sorted()))
    case .registers(var registers):
      content = .users([])
      for user in users { Self.insert(user, into: &registers) }
      content = .registers(registers)
    }
  }

  package mutating func merge(_ other: UserSketch) {
    switch (content, other.content) {
    case (_, .users(let users)): insert(users)
    case (.users(let users), .registers):
      self = other
      insert(users)
    case (.registers(var registers), .registers(let others)):
      content = .users([])
      for place in registers.indices { registers[place] = max(registers[place], others[place]) }
      content = .registers(registers)
    }
  }

  private mutating func keep(_ users: [UInt64]) {
    guard users.count > Self.exactMax else {
      content = .users(users)
      return
    }
    var registers = [UInt8](repeating: 0, count: Self.registersCount)
    for user in users { Self.insert(user, into: &registers) }
    content = .registers(registers)
  }

  private static func union(_ left: [UInt64], _ right: [UInt64]) -> [UInt64] {
    var union: [UInt64] = []
    union.reserveCapacity(left.count + right.count)
    var (a, b) = (left.startIndex, right.startIndex)
    while a < left.endIndex || b < right.endIndex {
      let takesLeft = b == right.endIndex || (a < left.endIndex && left[a] <= right[b])
      let next = takesLeft ? left[a] : right[b]
      if takesLeft { a += 1 } else { b += 1 }
      if union.last != next { union.append(next) }
    }
    return union
  }

  // MARK: HyperLogLog

  private static func insert(_ user: UInt64, into registers: inout [UInt8]) {
    let hash = scattered(user)
    let place = Int(hash >> (64 - precision))
    // The bit behind the others ends the count, should all of them be zero.
    let rank = UInt8((hash << precision | 1 << (precision - 1)).leadingZeroBitCount + 1)
    if rank > registers[place] { registers[place] = rank }
  }

  /// Users are numbered one after the other; every bit of the number changes half of these. Kept
  /// sketches depend on it: never to be changed.
  private static func scattered(_ user: UInt64) -> UInt64 {
    var bits = user &+ 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }

  /// Ertl's estimator: without the bias of the original between small and large counts, and without
  /// tables (Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017).
  private static func estimate(_ registers: [UInt8]) -> Double {
    let ranks = 64 - Int(precision)
    var counts = [Int](repeating: 0, count: ranks + 2)
    for rank in registers { counts[min(Int(rank), ranks + 1)] += 1 }
    let size = Double(registersCount)
    var sum = size * tau(1 - Double(counts[ranks + 1]) / size)
    for rank in (1...ranks).reversed() { sum = 0.5 * (sum + Double(counts[rank])) }
    sum += size * sigma(Double(counts[0]) / size)
    // 1 / (2 ln 2)
    return 0.721_347_520_444_481_7 * size * size / sum
  }

  private static func sigma(_ share: Double) -> Double {
    guard share < 1 else { return .infinity }
    var (power, weight, sum, before) = (share, 1.0, share, -1.0)
    while sum != before {
      power *= power
      before = sum
      sum += power * weight
      weight += weight
    }
    return sum
  }

  private static func tau(_ share: Double) -> Double {
    guard share > 0, share < 1 else { return 0 }
    var (root, weight, sum, before) = (share, 1.0, 1 - share, -1.0)
    while sum != before {
      root = root.squareRoot()
      before = sum
      weight *= 0.5
      sum -= (1 - root) * (1 - root) * weight
    }
    return sum / 3
  }
}

/// The stored form: which content it is, then the distances between users as LEB128, or the
/// registers.
extension UserSketch {
  private enum Form: UInt8 {
    case users = 1
    case registers = 2
  }

  /// nil when the bytes are no sketch.
  package init?(bytes: UnsafeRawBufferPointer) {
    switch bytes.first.flatMap(Form.init(rawValue:)) {
    case .users:
      guard let users = Self.users(bytes.dropFirst()) else { return nil }
      content = .users(users)
    case .registers:
      guard bytes.count == Self.registersCount + 1 else { return nil }
      content = .registers(Array(bytes.dropFirst()))
    case nil: return nil
    }
  }

  package var bytes: [UInt8] {
    switch content {
    case .registers(let registers): return [Form.registers.rawValue] + registers
    case .users(let users):
      var bytes = [Form.users.rawValue]
      var before: UInt64 = 0
      for user in users {
        var rest = user - before
        before = user
        while rest >= 0x80 {
          bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
          rest >>= 7
        }
        bytes.append(UInt8(rest))
      }
      return bytes
    }
  }

  private static func users(_ bytes: Slice<UnsafeRawBufferPointer>) -> [UInt64]? {
    var users: [UInt64] = []
    var (number, shift, last) = (UInt64(0), UInt64(0), UInt64(0))
    for byte in bytes {
      guard shift < 64 else { return nil }
      number |= UInt64(byte & 0x7F) << shift
      shift += 7
      guard byte < 0x80 else { continue }
      last &+= number
      users.append(last)
      (number, shift) = (0, 0)
    }
    return shift == 0 && users.count <= exactMax ? users : nil
  }
}
