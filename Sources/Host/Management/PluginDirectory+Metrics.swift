import PluginRuntime
import Store

extension PluginDirectory {
  /// What plugins cost and keep, as Prometheus text. Storage is what was measured last.
  func prometheus() -> String {
    guard let overview = try? overview(storage: .some) else { return "" }
    let rows = overview.plugins
    var text = ""
    func family(
      _ name: String, _ kind: String, _ help: String, _ lines: (PluginRow) -> [(String, String)]
    ) {
      text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
      for row in rows {
        for (suffix, value) in lines(row) { text += name + suffix + " " + value + "\n" }
      }
    }
    func each(
      _ name: String, _ help: String, _ value: @escaping (CallMeter.Reading) -> Int
    ) {
      family(name, "counter", help) { row in
        row.calls.map {
          ("{plugin=\"\(row.code)\",kind=\"\($0.kind.rawValue)\"}", "\(value($0.reading))")
        }
      }
    }
    family("tally_plugin_info", "gauge", "1 for each plugin") {
      [
        (
          "{plugin=\"\($0.code)\",version=\"\(Self.escaped($0.version))\",mode=\"\($0.mode)\","
            + "state=\"\($0.state)\"}", "1"
        )
      ]
    }
    each("tally_plugin_calls_total", "Calls by kind; one of a hook is a batch") { $0.calls }
    each("tally_plugin_errors_total", "Calls that failed") { $0.errors }
    each("tally_plugin_items_total", "Items that hooks saw") { $0.items }
    each("tally_plugin_events_total", "Events that hooks saw") { $0.events }
    family("tally_plugin_call_seconds", "summary", "How long calls took") { row in
      row.calls.flatMap { Self.summary(row.code, $0.kind.rawValue, $0.reading) }
    }
    family("tally_plugin_drops_total", "counter", "What was left out at a limit") { row in
      row.drops.sorted { $0.key < $1.key }.map {
        ("{plugin=\"\(row.code)\",limit=\"\($0.key)\"}", "\($0.value)")
      }
    }
    family("tally_plugin_calls_late", "gauge", "Calls that do not return") { row in
      row.lateCalls.sorted { $0.key < $1.key }.map {
        ("{plugin=\"\(row.code)\",kind=\"\($0.key)\"}", "\($0.value)")
      }
    }
    family("tally_plugin_jobs_overdue", "gauge", "Jobs that run and are over their time") {
      [("{plugin=\"\($0.code)\"}", "\($0.overdueJobs)")]
    }
    family("tally_plugin_dead_letters", "gauge", "Items that wait for an operator") {
      [("{plugin=\"\($0.code)\"}", "\($0.deadLetters)")]
    }
    family("tally_plugin_restarts_total", "counter", "Times it failed and was started again") {
      [("{plugin=\"\($0.code)\"}", "\($0.restarts)")]
    }
    family("tally_plugin_storage_bytes", "gauge", "Content it keeps in the store, but counters") {
      row in
      row.storage.map { [("{plugin=\"\(row.code)\"}", "\($0.bytes)")] } ?? []
    }
    return text
  }

  private static func summary(
    _ plugin: String, _ kind: String, _ reading: CallMeter.Reading
  ) -> [(String, String)] {
    let labels = "plugin=\"\(plugin)\",kind=\"\(kind)\""
    func seconds(_ nanoseconds: some BinaryInteger) -> String { "\(Double(nanoseconds) / 1e9)" }
    return [
      ("{\(labels),quantile=\"0.5\"}", seconds(reading.p50)),
      ("{\(labels),quantile=\"0.99\"}", seconds(reading.p99)),
      ("_sum{\(labels)}", seconds(reading.nanoseconds)),
      ("_count{\(labels)}", "\(reading.calls)"),
    ]
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
