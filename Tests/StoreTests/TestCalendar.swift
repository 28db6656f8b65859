@testable import Store

/// The local day of "YYYY-MM-DD".
func ordinal(_ date: String) -> Int32 {
  let parts = date.split(separator: "-").compactMap { Int32($0) }
  return CivilDate.ordinal(year: parts[0], month: parts[1], day: parts[2])
}

/// Milliseconds of "YYYY-MM-DD" at a time of day in UTC.
func milliseconds(_ date: String, hour: Int64 = 0, minute: Int64 = 0) -> Int64 {
  Int64(ordinal(date)) * 86_400_000 + hour * 3_600_000 + minute * 60_000
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
