import Foundation
import Harness

/// The questions about loyalty, frequency, durations and users of any days, compared with the
/// recount.
struct LoyaltyComparison {
  let server: TallyServer
  let recount: Recount
  /// Covers every stream whole.
  let period: String

  private static let histograms = [("loyalty", "l"), ("frequency", "f"), ("durations", "ds")]
  private static let allDays = 0...Int(Int32.max)

  func differences() throws -> [String] {
    try Self.histograms.flatMap { try compare($0.0, $0.1) } + standings() + freeRanges()
  }

  private func compare(_ method: String, _ key: String) throws -> [String] {
    var have: [Int: Int] = [:]
    for row in try server.ask("method=\(method)&period=\(period)").array ?? [] {
      guard let range = row[key]?.string.flatMap({ Int($0) }) else { continue }
      have[range] = row["t"]?.number.map { Int($0) }
    }
    let need = (recount.loyalty.ranges[key] ?? [:]).filter { $0.value != 0 }
    return have == need ? [] : ["\(method): have \(have), need \(need)"]
  }

  private func standings() throws -> [String] {
    let answer = try JSON(
      server.connect().get(
        "/o/app_users/loyalty?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
      ).text)
    let today = LocalTime(milliseconds: Clock.unixMilliseconds, zone: recount.zone).ordinal
    let lists = [
      ("all", Self.allDays), ("7days", today - 6...today), ("30days", today - 29...today),
    ]
    return lists.compactMap { name, days in
      let have = (answer[name]?.array ?? []).compactMap { $0["count"]?.number.map { Int($0) } }
      let need = recount.loyalty.standing(days)
      return have == need ? nil : "app_users/loyalty \(name): have \(have), need \(need)"
    }
  }

  /// Ranges that no single bucket is, in the whole of the days lived and up to now.
  private func freeRanges() throws -> [String] {
    guard let span = recount.loyalty.span else { return [] }
    let today = LocalTime(milliseconds: Clock.unixMilliseconds, zone: recount.zone).ordinal
    let middle = (span.lowerBound + span.upperBound) / 2
    let ranges = [
      span, span.lowerBound...middle, middle...span.upperBound, middle...middle,
      span.lowerBound - 40...middle, max(span.lowerBound, today - 399)...today,
    ]
    return try ranges.compactMap { range in
      let bounds = "[\(noon(range.lowerBound)),\(noon(range.upperBound))]"
      let question = "method=total_users&metric=users&period=\(percentEncoded(bounds))"
      let answer = try server.ask(question)
      let have = answer.array?.first?["u"]?.number.map { Int($0) } ?? 0
      let need = recount.loyalty.users(range)
      let isExact = answer.array?.first?["is_estimate"] == nil
      return need.contains(have) && isExact ? nil : "\(question): have \(answer.text), need \(need)"
    }
  }

  /// The middle of a local day.
  private func noon(_ ordinal: Int) -> Int64 {
    let utc = ordinal * 86_400 + 43_200
    let offset = recount.zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(utc)))
    return Int64(utc - offset) * 1_000
  }
}
