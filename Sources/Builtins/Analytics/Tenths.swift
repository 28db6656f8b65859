/// A number with one decimal, rounded half away from zero.
struct Tenths: Equatable, Comparable {
  let tenths: Int64

  init(tenths: Int64) {
    self.tenths = tenths
  }

  /// What is no number, or too large to be one of somebody's, is 0.
  init(_ number: Double) {
    tenths = Int64(exactly: (number * 10).rounded(.toNearestOrAwayFromZero)) ?? 0
  }

  /// A share of a sum, in percent; of nothing it is nothing.
  init(percentOf share: Int64, _ sum: Int64) {
    self.init(sum == 0 ? 0 : Double(share) * 100 / Double(sum))
  }

  /// `12.0`.
  var text: String {
    "\(tenths < 0 ? "-" : "")\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
  }

  var number: Double { Double(tenths) / 10 }

  static func < (one: Tenths, other: Tenths) -> Bool { one.tenths < other.tenths }
}
