/// Random numbers that one seed repeats, on every machine (SplitMix64).
struct DemoRandom: RandomNumberGenerator {
  private var state: UInt64

  /// A stream of its own for each thing that is drawn.
  init(seed: UInt64, _ parts: UInt64...) {
    state = parts.reduce(seed) { ($0 ^ $1) &* 0x9E37_79B9_7F4A_7C15 &+ 0xD1B5_4A32_D192_ED03 }
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// From 0 to, not with, 1.
  mutating func share() -> Double { Double(next() >> 11) / Double(1 << 53) }

  mutating func chance(_ share: Double) -> Bool { self.share() < share }

  mutating func int(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// A place of the list, by weight.
  mutating func place(_ weights: [Double]) -> Int {
    var rest = share() * weights.reduce(0, +)
    for (place, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return place }
    }
    return weights.count - 1
  }

  /// The first ones are the likelier.
  mutating func pick<Element>(_ list: [Element]) -> Element {
    list[min(Int(share() * share() * Double(list.count)), list.count - 1)]
  }
}
