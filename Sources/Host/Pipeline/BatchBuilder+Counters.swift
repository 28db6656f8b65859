extension BatchBuilder {
  /// What decoding mended, moved or left out. Only grows; any thread may read it.
  final class Counters: Sendable {
    /// JSON texts taken after half surrogate pairs, bytes that are no UTF-8 or huge numbers were
    /// mended.
    let jsonRepaired = Metrics.Counter()
    /// Texts that begin as JSON and are not; they stay text.
    let jsonInvalid = Metrics.Counter()
    /// JSON texts too deep or with too many values; they stay text.
    let jsonLimited = Metrics.Counter()
    /// Times in the future, moved to the time of receipt.
    let timesFromFuture = Metrics.Counter()
    /// Times older than raw retention, moved to its edge.
    let timesFromPast = Metrics.Counter()
    /// Times that were none.
    let timesFromNowhere = Metrics.Counter()
    /// Entries of `events` that are no object.
    let eventsInvalid = Metrics.Counter()
    /// Events without a key, or with one of which nothing is left.
    let eventsWithoutKey = Metrics.Counter()
    /// Events whose key is too long.
    let eventsKeyTooLong = Metrics.Counter()
    /// Events beyond the limit of an item.
    let eventsOverLimit = Metrics.Counter()

    /// Shows everything at `/metrics`.
    func register(in metrics: Metrics) {
      let texts = [
        ("repaired", jsonRepaired), ("invalid", jsonInvalid), ("limited", jsonLimited),
      ]
      for (outcome, counter) in texts {
        metrics.counter(
          "tally_json_texts_total", help: "JSON texts that were not taken as they are",
          labels: "outcome=\"\(outcome)\""
        ) { counter.count }
      }
      let times = [
        ("future", timesFromFuture), ("past", timesFromPast), ("nowhere", timesFromNowhere),
      ]
      for (direction, counter) in times {
        metrics.counter(
          "tally_times_moved_total", help: "Client times that were moved into range",
          labels: "from=\"\(direction)\""
        ) { counter.count }
      }
      let events = [
        ("invalid", eventsInvalid), ("without_key", eventsWithoutKey),
        ("key_too_long", eventsKeyTooLong), ("limit", eventsOverLimit),
      ]
      for (reason, counter) in events {
        metrics.counter(
          "tally_events_rejected_total", help: "Events left out of an accepted item",
          labels: "reason=\"\(reason)\""
        ) { counter.count }
      }
    }
  }
}
