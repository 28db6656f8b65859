/// What questions read, as they say it of themselves.
enum Asked {
  static let period = ["period": "30days, 7days, hour, yesterday, day, month, [ms,ms], …"]

  /// The period, and more by name.
  static func period(and more: [String: String]) -> [String: String] {
    period.merging(more) { _, more in more }
  }

  /// Of questions whose answer is a time document.
  static let document = period(and: ["action": "refresh: the numbers of today alone."])
}
