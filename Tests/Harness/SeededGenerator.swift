import Glibc

/// Random numbers that one seed repeats (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed &* 0x2545_F491_4F6C_DD1D &+ 0x9E37_79B9_7F4A_7C15 }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// True in `percent` of a hundred cases.
  package mutating func chance(_ percent: Int) -> Bool { int(0...99) < percent }

  package mutating func int(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &self)
  }

  package mutating func pick<T>(_ list: [T]) -> T { list[int(0...list.count - 1)] }

  /// The seeds a suite runs: that of the environment variable SEED, else as many as SEEDS says,
  /// else the first `count`.
  package static func seeds(_ count: Int) -> [UInt64] {
    if let seed = Environment["SEED"].flatMap({ UInt64($0) }) { return [seed] }
    return (1...(Environment["SEEDS"].flatMap { UInt64($0) } ?? UInt64(count))).map { $0 }
  }
}

/// The test's own environment.
package enum Environment {
  package static subscript(name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
