/// When a kind of job runs by itself.
package enum JobSchedule: Equatable, Sendable {
  /// So long after the last run ended.
  case every(ms: Int64)
  /// Once a day, at so many milliseconds after midnight in UTC.
  case daily(atMs: Int64)

  private static let dayMs: Int64 = 86_400_000

  /// `every 90s`, `every 5m`, `every 2h`, `every 1d`, `daily 03:30`; nil for anything else.
  package init?(_ text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 2 else { return nil }
    switch words[0] {
    case "every":
      guard let ms = Self.interval(words[1]) else { return nil }
      self = .every(ms: ms)
    case "daily":
      guard let ms = Self.timeOfDay(words[1]) else { return nil }
      self = .daily(atMs: ms)
    default: return nil
    }
  }

  /// As it may be written.
  package var text: String {
    switch self {
    case .every(let ms): return "every \(ms / 1_000)s"
    case .daily(let ms):
      let (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60)
      return "daily \(hours < 10 ? "0" : "")\(hours):\(minutes < 10 ? "0" : "")\(minutes)"
    }
  }

  /// The first moment behind `ms`.
  package func next(after ms: Int64) -> Int64 {
    switch self {
    case .every(let interval): return ms + interval
    case .daily(let offset):
      let midnight = ms - ((ms % Self.dayMs) + Self.dayMs) % Self.dayMs
      return midnight + offset > ms ? midnight + offset : midnight + Self.dayMs + offset
    }
  }

  private static func interval(_ word: Substring) -> Int64? {
    let units: [Character: Int64] = ["s": 1_000, "m": 60_000, "h": 3_600_000, "d": dayMs]
    guard let unit = word.last.flatMap({ units[$0] }), let count = digits(word.dropLast()),
      (1...100_000).contains(count)
    else { return nil }
    return count * unit
  }

  private static func timeOfDay(_ word: Substring) -> Int64? {
    let parts = word.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.count == 2 }), let hours = digits(parts[0]),
      let minutes = digits(parts[1]), hours < 24, minutes < 60
    else { return nil }
    return (hours * 60 + minutes) * 60_000
  }

  private static func digits(_ word: Substring) -> Int64? {
    word.utf8.allSatisfy { (48...57).contains($0) } ? Int64(word) : nil
  }
}
