import Harness

/// Inputs made of texts that a parser knows, changed as one number says.
struct Mutator: Sendable {
  /// Bytes of an input, and of one in a hundred: what takes too long for its size shows in long ones.
  private static let (bytesMax, longBytesMax) = (4 << 10, 64 << 10)
  private static let changesMax = 6

  let samples: [[UInt8]]
  /// What the parser gives a meaning to.
  let splices: [[UInt8]]

  init(_ samples: [String], splices: [String], bytes: [[UInt8]] = Mutator.oddBytes) {
    self.samples = samples.map { Array($0.utf8) }
    self.splices = splices.map { Array($0.utf8) } + bytes
  }

  /// Of what is no text.
  init(samples: [[UInt8]], splices: [[UInt8]]) {
    (self.samples, self.splices) = (samples, splices)
  }

  /// What is no UTF-8, and what ends a text in C.
  static let oddBytes: [[UInt8]] = [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90], [0]]

  func input(_ seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    var text = random.pick(samples)
    let limit = random.chance(1) ? Self.longBytesMax : Self.bytesMax
    for _ in 0..<random.int(1...Self.changesMax) {
      change(&text, &random, limit: limit)
      text = Array(text.prefix(limit))
    }
    return text
  }

  private func change(_ text: inout [UInt8], _ random: inout SeededGenerator, limit: Int) {
    let place = random.int(0...text.count)
    switch random.int(0...8) {
    case 0, 1, 2: text.insert(contentsOf: random.pick(splices), at: place)
    case 3: if place < text.count { text[place] = UInt8(random.int(0...255)) }
    case 4: text.removeSubrange(place..<min(place + random.int(1...9), text.count))
    case 5: text.removeSubrange(place...)
    case 6: text.insert(contentsOf: text.prefix(place), at: place)
    case 7: text.insert(contentsOf: random.pick(samples), at: place)
    default:
      let splice = random.pick(splices)
      let count = random.int(1...limit / splice.count)
      text.insert(contentsOf: repeatElement(splice, count: count).joined(), at: place)
    }
  }
}
