/// Finds what a misspelt name was meant to be.
enum NearestName {
  /// The known name that differs in the fewest letters, or nil when none is close.
  static func of(_ name: String, among known: [String]) -> String? {
    let limit = max(1, name.count / 3)
    let candidates = known.map { (name: $0, distance: distance(Array(name), Array($0))) }
    guard let best = candidates.min(by: { $0.distance < $1.distance }), best.distance <= limit
    else { return nil }
    return best.name
  }

  /// The tail of a refusal: `; did you mean "enabled"? Known keys: enabled, path, mode`.
  static func hint(
    for name: String, among known: [String], called noun: String = "keys"
  ) -> String {
    let guess = of(name, among: known).map { "did you mean \"\($0)\"? " } ?? ""
    return "; \(guess)Known \(noun): \(known.joined(separator: ", "))"
  }

  /// Letters to insert, remove, replace or swap with their neighbour.
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for i in 1...a.count {
      var current = [i]
      for j in 1...b.count {
        let replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        var best = min(previous[j] + 1, current[j - 1] + 1, replaced)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          best = min(best, beforePrevious[j - 2] + 1)
        }
        current.append(best)
      }
      (beforePrevious, previous) = (previous, current)
    }
    return previous[b.count]
  }
}
