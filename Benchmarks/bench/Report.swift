import Glibc
import Harness

/// The medians of all rounds, as a table and as JSON.
struct Report {
  let syncMicroseconds: Double
  var measurements: [Case: [Measurement]] = [:]
  var plugins = PluginBench.Times()

  init(syncMicroseconds: Double) { self.syncMicroseconds = syncMicroseconds }

  private func median(_ kind: Case, _ value: (Measurement) -> Double) -> Double? {
    measurements[kind].map { $0.map(value).median }
  }

  static func padded(_ value: Double, _ decimals: Int, _ width: Int) -> String {
    let scale = pow(10, Double(decimals))
    let rounded = (value * scale).rounded() / scale
    let text = decimals == 0 ? "\(Int(rounded))" : "\(rounded)"
    return String(repeating: " ", count: max(0, width - text.count)) + text
  }

  var table: String {
    ([loadTable, bookTable] + [verdicts]).joined(separator: "\n\n")
  }

  private var cases: [Case] { Case.allCases.filter { measurements[$0] != nil } }

  private var loadTable: String {
    let head = row(
      "medians", ["CPU us/req", "x (a)", "req/s", "p50 ms", "p99 ms", "items/CPU s", "ev./CPU s"])
    let base = median(.bareNIO, \.microsecondsPerRequest)
    let lines = cases.map { kind in
      let value = { (path: (Measurement) -> Double) in median(kind, path) ?? 0 }
      let cpu = value(\.microsecondsPerRequest)
      return row(
        kind.title,
        [
          Self.padded(cpu, 1, 0), base.map { Self.padded(cpu / $0, 2, 0) } ?? "-",
          Self.padded(value(\.wrk.requestsPerSecond), 0, 0),
          "\((value(\.wrk.p50Microseconds) / 10).rounded() / 100)",
          "\((value(\.wrk.p99Microseconds) / 10).rounded() / 100)",
          Self.padded(value(\.itemsPerSecond), 0, 0), Self.padded(value(\.eventsPerSecond), 0, 0),
        ])
    }
    return ([head] + lines).joined(separator: "\n")
  }

  private var bookTable: String {
    let head = row(
      "",
      ["accepted", "duplicates", "raw rows", "refused", "idle MB", "peak MB", "after MB", "1st ms"])
    let lines = cases.map { kind in
      let value = { (path: (Measurement) -> Double) in Self.padded(median(kind, path) ?? 0, 0, 0) }
      return row(
        kind.title,
        [
          value(\.accepted), value(\.duplicates), value(\.rawRows), value(\.wrk.refused),
          value(\.idleMegabytes), value(\.peakMegabytes), value(\.afterMegabytes),
          value(\.firstRequestMilliseconds),
        ])
    }
    return ([head] + lines).joined(separator: "\n")
  }

  private func row(_ title: String, _ columns: [String]) -> String {
    let name = title.padding(to: 22)
    return name
      + columns.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }.joined()
  }

  private var verdicts: String {
    var lines = [
      "disk: one small write and fdatasync, p50: \(Self.padded(syncMicroseconds, 0, 0)) us"
    ]
    for verdict in budgets {
      lines.append(
        (verdict.isMet ? "met   " : "MISSED") + "  \(verdict.name): "
          + "\((verdict.value * 100).rounded() / 100), must \(verdict.must), aim \(verdict.aim)")
    }
    return lines.joined(separator: "\n")
  }

  struct Verdict {
    let name: String
    let value: Double
    let must: Double
    let aim: Double
    var isMore = false
    var isMet: Bool { isMore ? value >= must : value <= must }
  }

  /// The budgets of this run; a case that was not run has none.
  var budgets: [Verdict] {
    var list: [Verdict] = []
    if let base = median(.bareNIO, \.microsecondsPerRequest),
      let cpu = median(.fsync, \.microsecondsPerRequest)
    {
      list.append(
        Verdict(name: "(c) CPU per request against (a)", value: cpu / base, must: 2.5, aim: 1.7))
    }
    if let events = median(.bulk, \.eventsPerSecond) {
      list.append(
        Verdict(
          name: "(d) events per CPU second", value: events, must: 150_000, aim: 500_000,
          isMore: true))
    }
    if let p50 = median(.latency, \.wrk.p50Microseconds) {
      list.append(
        Verdict(
          name: "answer at 16 connections, p50, against fdatasync", value: p50 / syncMicroseconds,
          must: 8, aim: 4))
    }
    let servers = cases.filter { $0 != .bareNIO }
    if let idle = servers.compactMap({ median($0, \.idleMegabytes) }).max(),
      let peak = servers.compactMap({ median($0, \.peakMegabytes) }).max(),
      let first = servers.compactMap({ median($0, \.firstRequestMilliseconds) }).max()
    {
      list.append(Verdict(name: "RSS idle, MB", value: idle, must: 60, aim: 40))
      list.append(Verdict(name: "RSS peak, MB", value: peak, must: 200, aim: 120))
      list.append(Verdict(name: "start to first request, ms", value: first, must: 300, aim: 100))
      let duplicates = servers.compactMap { measurements[$0]?.map(\.duplicates).max() }.max() ?? 0
      list.append(Verdict(name: "duplicates", value: duplicates, must: 0, aim: 0))
    }
    if let bytes = median(.fsync, { $0.diskBytes / max($0.items, 1) }) {
      list.append(Verdict(name: "(c) disk bytes per item", value: bytes, must: 120, aim: 60))
    }
    return list + pluginBudgets
  }

  private var pluginBudgets: [Verdict] {
    if plugins.load.isEmpty { return [] }
    return [
      Verdict(
        name: "\(PluginBench.count) plugins loaded, ms", value: plugins.load.median, must: 300,
        aim: 100),
      Verdict(
        name: "edit of plugins.yaml to live, ms", value: plugins.edit.median, must: 500, aim: 100),
    ]
  }

  var json: JSON {
    var members: [String: JSON] = ["fdatasync_us": .number(syncMicroseconds)]
    for (kind, list) in measurements {
      members["case_\(kind.rawValue)"] = .array(list.map(\.json))
    }
    members["budgets"] = .array(
      budgets.map {
        .object([
          "name": .string($0.name), "value": .number($0.value), "must": .number($0.must),
          "aim": .number($0.aim), "met": .bool($0.isMet),
        ])
      })
    return .object(members)
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
