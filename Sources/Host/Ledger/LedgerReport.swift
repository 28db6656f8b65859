/// What became of every item that was ever accepted, in words and as JSON.
struct LedgerReport: Codable, Equatable, Sendable {
  /// The account of one app, or of all: `accepted = stored + rejected + pending`.
  struct Line: Codable, Equatable, Sendable {
    /// Empty for all apps together, and for items of no known app.
    var appID = ""
    /// Items in the journal, whether or not they were counted yet.
    var accepted: Int64 = 0
    var stored: Int64 = 0
    /// By reason.
    var rejected: [String: Int64] = [:]
    /// Accepted and not yet committed.
    var pending: Int64 = 0
    /// Of the stored ones, those that some plugin could not take.
    var deadLetters: Int64 = 0
    /// Times of items and events that clients got wrong, by where they lay; nil when there are none.
    var movedTimes: [String: Int64]?

    enum CodingKeys: String, CodingKey {
      case appID = "app_id"
      case accepted, stored, rejected, pending
      case deadLetters = "dead_letters"
      case movedTimes = "moved_times"
    }

    mutating func add(_ other: Line) {
      accepted += other.accepted
      stored += other.stored
      rejected.merge(other.rejected, uniquingKeysWith: +)
      pending += other.pending
      deadLetters += other.deadLetters
      guard let moved = other.movedTimes else { return }
      movedTimes = (movedTimes ?? [:]).merging(moved, uniquingKeysWith: +)
    }
  }

  /// The last position that is durable, and the last one that is committed.
  let journalPosition: UInt64
  let storePosition: UInt64
  let apps: [Line]

  enum CodingKeys: String, CodingKey {
    case journalPosition = "journal_position"
    case storePosition = "store_position"
    case apps
  }

  /// All apps together.
  var total: Line { apps.reduce(into: Line()) { $0.add($1) } }

  /// With the account of that app alone.
  func only(_ appID: String) -> LedgerReport {
    LedgerReport(
      journalPosition: journalPosition, storePosition: storePosition,
      apps: [apps.first { $0.appID == appID } ?? Line(appID: appID)])
  }

  var text: String {
    let head = ["APP", "ACCEPTED", "STORED", "REJECTED", "PENDING", "DEAD", "WHY REJECTED"]
    let all = apps.count == 1 ? apps : apps + [total]
    let rows = all.enumerated().map { index, line in
      let name = index == apps.count ? "all" : line.appID.isEmpty ? "unknown" : line.appID
      let reasons = line.rejected.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      return [
        name, "\(line.accepted)", "\(line.stored)", "\(line.rejected.values.reduce(0, +))",
        "\(line.pending)", "\(line.deadLetters)", reasons.joined(separator: ", "),
      ]
    }
    return Configuration.aligned([head] + rows)
  }
}
