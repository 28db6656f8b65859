import PluginKit

/// What the sessions of a period come to.
struct SessionNumbers {
  var sessions: Int64 = 0
  var new: Int64 = 0
  var users: Int64 = 0
  var seconds: Int64 = 0
  var requests: Int64 = 0
  /// As of `Total.error`: 0 when the users are counted.
  var error: Double = 0

  init(
    _ request: borrowing Request, _ counters: SessionCounters, _ period: Text, before: Bool = false
  ) throws {
    try request.totals(Question(counters.users, period: period, before: before)) { total in
      sessions = total[0]
      new = total[1]
      users = total[2]
      seconds = total[3]
      requests = total[4]
      error = total.error
      return true
    }
    guard !before, error != 0, PeriodText(period).endsToday(nowMs: request.nowMs) else { return }
    // Whoever had a session since then had the last one since then: these are counted, not
    // estimated.
    users = try counters.loyalty.users(request, period)
    error = 0
  }

  var secondsEach: Double { sessions == 0 ? 0 : Double(seconds) / Double(sessions) }
  var requestsEach: Double { users == 0 ? 0 : Double(requests) / Double(users) }
}

extension LoyaltyCounters {
  /// Different users with a session in a period that ends today.
  func users(_ request: borrowing Request, _ period: Text) throws -> Int64 {
    var users: Int64 = 0
    try request.totals(Question(metric, dimension: Self.dimension, period: period)) { range in
      users += range[Self.users]
      return true
    }
    return users
  }
}
