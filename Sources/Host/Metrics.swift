import Synchronization

/// The server's counters and gauges, rendered as Prometheus text.
///
/// Counting is one relaxed atomic addition. Other rooms add what they know with `gauge` and
/// `counter`; their closures are called on the thread that renders.
package final class Metrics: Sendable {
  /// One number that only grows.
  package final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    package init() {}

    @inline(__always)
    package func add(_ amount: Int = 1) {
      value.wrappingAdd(amount, ordering: .relaxed)
    }

    package var count: Int { value.load(ordering: .relaxed) }
  }

  /// HTTP requests answered with success.
  package let requestsAccepted = Counter()
  /// HTTP requests that another server accepted.
  package let requestsRedirected = Counter()
  /// Items appended to the journal.
  package let itemsAccepted = Counter()
  /// Connections accepted since the start.
  package let connectionsOpened = Counter()
  /// Connections closed because nothing was sent on them.
  package let connectionsIdle = Counter()
  /// Parameter values whose UTF-8 was repaired.
  package let valuesRepaired = Counter()
  /// Files in multipart bodies that nobody keeps.
  package let filesIgnored = Counter()
  private let requestsRefused: [Counter]
  private let itemsRefused: [Counter]
  private let others = Mutex<[Series]>([])
  private let sections = Mutex<[@Sendable () -> String]>([])
  private let sources = Mutex<[@Sendable () -> [Sample]]>([])
  private let families = Mutex<[Family]>([])

  /// A number that comes and goes, as those of plugins do.
  package struct Sample: Sendable {
    let name: String
    let isCounter: Bool
    let help: String
    var labels = ""
    let value: Int64
  }

  /// A gauge whose lines come and go.
  private struct Family: Sendable {
    let name: String
    let help: String
    let read: @Sendable () -> [(labels: String, value: Int)]
  }

  /// Something another room counts.
  private struct Series: Sendable {
    let name: String
    let kind: String
    let help: String
    let labels: String
    let read: @Sendable () -> Int
  }

  package init() {
    requestsRefused = Refusal.allCases.map { _ in Counter() }
    itemsRefused = Refusal.allCases.map { _ in Counter() }
  }

  /// Counts a refused HTTP request.
  package func refuse(_ refusal: Refusal) {
    requestsRefused[refusal.index].add()
  }

  /// Counts a refused item of a bulk request that was itself accepted.
  package func refuseItem(_ refusal: Refusal) {
    itemsRefused[refusal.index].add()
  }

  /// HTTP requests refused for `refusal` so far.
  package func refused(_ refusal: Refusal) -> Int {
    requestsRefused[refusal.index].count
  }

  /// Bulk items refused for `refusal` so far.
  package func refusedItems(_ refusal: Refusal) -> Int {
    itemsRefused[refusal.index].count
  }

  /// Adds a number that goes up and down. `labels` is the text between the braces, or empty.
  package func gauge(
    _ name: String, help: String, labels: String = "", read: @escaping @Sendable () -> Int
  ) {
    others.withLock {
      $0.append(Series(name: name, kind: "gauge", help: help, labels: labels, read: read))
    }
  }

  /// Adds a number that only grows and that its owner keeps.
  package func counter(
    _ name: String, help: String, labels: String = "", read: @escaping @Sendable () -> Int
  ) {
    others.withLock {
      $0.append(Series(name: name, kind: "counter", help: help, labels: labels, read: read))
    }
  }

  /// Adds numbers that are asked for with every rendering; those of one name stand together.
  package func include(_ read: @escaping @Sendable () -> [Sample]) {
    sources.withLock { $0.append(read) }
  }

  /// Adds a gauge with a line for each of what `read` answers; `labels` is the text between the
  /// braces.
  package func family(
    _ name: String, help: String, read: @escaping @Sendable () -> [(labels: String, value: Int)]
  ) {
    families.withLock { $0.append(Family(name: name, help: help, read: read)) }
  }

  /// Adds whole lines, with their HELP and TYPE, for what is more than one number a name.
  package func section(_ render: @escaping @Sendable () -> String) {
    sections.withLock { $0.append(render) }
  }

  /// Everything as Prometheus text (version 0.0.4).
  package func render() -> String {
    var named: Set<String> = []
    var text = ""
    for series in ownSeries() + others.withLock({ $0 }) {
      if named.insert(series.name).inserted {
        text += "# HELP \(series.name) \(series.help)\n# TYPE \(series.name) \(series.kind)\n"
      }
      let labels = series.labels.isEmpty ? "" : "{\(series.labels)}"
      text += "\(series.name)\(labels) \(series.read())\n"
    }
    for family in families.withLock({ $0 }) {
      text += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) gauge\n"
      for line in family.read() { text += "\(family.name){\(line.labels)} \(line.value)\n" }
    }
    for section in sections.withLock({ $0 }) { text += section() }
    for sample in sources.withLock({ $0 }).flatMap({ $0() }) {
      if named.insert(sample.name).inserted {
        let kind = sample.isCounter ? "counter" : "gauge"
        text += "# HELP \(sample.name) \(sample.help)\n# TYPE \(sample.name) \(kind)\n"
      }
      let labels = sample.labels.isEmpty ? "" : "{\(sample.labels)}"
      text += "\(sample.name)\(labels) \(sample.value)\n"
    }
    return text
  }

  private func ownSeries() -> [Series] {
    let plain: [(String, String, Counter)] = [
      ("tally_requests_accepted_total", "HTTP requests answered with success", requestsAccepted),
      (
        "tally_requests_redirected_total", "HTTP requests another server accepted",
        requestsRedirected
      ),
      ("tally_items_accepted_total", "Items appended to the journal", itemsAccepted),
      ("tally_connections_total", "Connections accepted", connectionsOpened),
      ("tally_connections_idle_total", "Connections closed for silence", connectionsIdle),
      ("tally_values_repaired_total", "Values with repaired UTF-8", valuesRepaired),
      ("tally_files_ignored_total", "Uploaded files that nobody keeps", filesIgnored),
    ]
    return plain.map { name, help, counter in
      Series(name: name, kind: "counter", help: help, labels: "") { counter.count }
    }
      + refusals("tally_requests_refused_total", "HTTP requests refused", requestsRefused)
      + refusals("tally_items_refused_total", "Bulk items refused", itemsRefused)
  }

  private func refusals(_ name: String, _ help: String, _ counters: [Counter]) -> [Series] {
    zip(Refusal.allCases, counters).map { refusal, counter in
      Series(
        name: name, kind: "counter", help: help, labels: "reason=\"\(refusal.rawValue)\""
      ) { counter.count }
    }
  }
}

extension Refusal {
  private static let indexes = Dictionary(
    uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })

  /// The position among all cases; counters are kept in this order.
  var index: Int { Self.indexes[self] ?? 0 }
}
