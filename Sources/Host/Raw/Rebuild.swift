import Foundation
import Logging
import Store

/// Counts all raw items of a data folder once more, in a folder beside it, and compares: every
/// counter is what the raw items say.
struct Rebuild {
  /// What came of it.
  struct Report: Codable, Equatable, Sendable {
    /// Raw items that were counted.
    var items = 0
    /// Items that were stored once and whose raw rows are gone while counters know of them still:
    /// those of apps that were cleared as a whole are not among them.
    var missing: Int64 = 0
    /// Buckets of the plugins that run, and how many of them are not what raw items say.
    var buckets = 0
    var differing = 0
    /// The first of these, in words.
    var examples: [String] = []
    /// The counters were replaced.
    var isWritten = false

    enum CodingKeys: String, CodingKey {
      case isWritten = "written"
      case items, missing, buckets, differing, examples
    }
  }

  /// Buckets a report names.
  static let examplesMax = 20

  private let configuration: Configuration
  private let folder: String
  private let twin: String
  private let log: Logger

  /// `configuration` is the server's, which does not run; `twin` an empty folder.
  init(_ configuration: Configuration, twin: String, log: Logger) {
    self.configuration = configuration
    folder = configuration.host.data
    self.twin = twin
    self.log = log
  }

  /// `progress` hears how many of how many positions were counted.
  func run(writes: Bool, progress: (UInt64, UInt64) -> Void) throws -> Report {
    var report = Report()
    let source = try Store.open(directory: folder, tuning: StoreTuning(configuration.host))
    // As the next start would: these are nobody's any more.
    for pending in source.pendingRemovals { _ = try source.complete(pending) }
    let end = source.committedPosition
    let counts = try source.counts()
    let stored = Ledger.all(counts.ledger).values.reduce(0) { $0 + $1.stored - $1.cleared }
    try source.close()
    try Store.makeTwin(at: twin, of: folder)
    report.items = counts.rawRows
    report.missing = max(0, stored - Int64(report.items))
    let metrics = try count(through: end, progress)
    let store = try Store.open(directory: folder, tuning: StoreTuning(configuration.host))
    defer { try? store.close() }
    let found = try store.differences(from: twin, metrics: metrics, limit: Self.examplesMax)
    report.buckets = found.buckets
    report.differing = found.differing
    report.examples = found.first.map(Self.words)
    guard writes, found.differing > 0 else { return report }
    guard report.missing == 0 else {
      throw CommandError(
        .invalidArgument,
        "\(report.missing) raw items are gone: writing would forget what they had counted")
    }
    try store.takeCounters(from: twin, metrics: metrics)
    report.isWritten = true
    return report
  }

  /// Has every plugin see every raw item; answers the metrics they keep.
  private func count(
    through end: UInt64, _ progress: (UInt64, UInt64) -> Void
  ) throws -> [String] {
    var own = configuration
    own.host.data = twin
    let core = try Core(own, log: log)
    core.pipeline.start()
    defer { core.stop() }
    let consumers = core.runtime.set.consumers
    for (place, consumer) in consumers.enumerated() {
      var position: UInt64 = 0
      while position < end {
        position = try core.pipeline.recount(
          consumer, after: position, through: end, rawOf: folder)
        progress(UInt64(place) * end + position, UInt64(consumers.count) * end)
      }
    }
    return core.runtime.set.metrics.map(\.storedName)
  }

  private static func words(_ difference: Store.Difference) -> String {
    let name = [difference.subject, difference.dimension, difference.value]
      .filter { !$0.isEmpty }.joined(separator: " / ")
    return "app \(difference.app) \(difference.metric)\(name.isEmpty ? "" : " " + name)"
      + " grain \(difference.grain) bucket \(difference.bucket):"
      + " have \(difference.measures), raw items say \(difference.others)"
  }
}
