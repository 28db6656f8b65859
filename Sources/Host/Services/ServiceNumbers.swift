import PluginRuntime

/// What services count, for `/metrics`: per plugin what it asked for, and what all share.
struct ServiceNumbers: Sendable {
  let services: HostServices
  let outbox: Outbox
  let runtime: PluginRuntime

  var samples: [Metrics.Sample] { shared + accounts + own }

  private var shared: [Metrics.Sample] {
    let (jobs, http) = (services.jobs.numbers, services.client.counters)
    return [
      gauge("tally_jobs_waiting", "Jobs that wait", jobs.waiting),
      gauge("tally_jobs_running", "Jobs that run", jobs.running),
      gauge("tally_jobs_overdue", "Jobs that run beyond their timeout", jobs.overdue),
      gauge("tally_jobs_stuck", "Overdue jobs whose plugin was given up", jobs.stuck),
    ]
      + outcomes(
        "tally_jobs_total", "Tries of jobs by how they ended",
        [("done", jobs.done), ("retried", jobs.retried), ("failed", jobs.failed)])
      + outcomes(
        "tally_records_total", "Records that hooks emitted",
        [
          ("made", outbox.counters.made.count), ("repeated", outbox.counters.repeated.count),
          ("dropped", outbox.counters.dropped.count),
        ])
      + outcomes(
        "tally_outgoing_requests_total", "Requests of plugins to others by how they ended",
        [
          ("answered", http.answered.count), ("failed", http.failed.count),
          ("denied", http.denied.count), ("timeout", http.timedOut.count),
          ("too_long", http.tooLong.count), ("refused", http.refused.count),
          ("cancelled", http.cancelled.count),
        ])
      + [
        Metrics.Sample(
          name: "tally_outgoing_bytes_total", isCounter: true,
          help: "Bytes of answers to requests of plugins", value: Int64(http.bytes.count))
      ]
  }

  /// By name first, so that the lines of one metric stand together.
  private var accounts: [Metrics.Sample] {
    let users = runtime.instances.compactMap(\.services)
    let columns: [(name: String, help: String, path: KeyPath<ServiceAccount.Line, Int>)] = [
      ("tally_service_calls_total", "Calls of services by plugins", \.calls),
      ("tally_service_bytes_total", "Bytes that services took from plugins", \.bytes),
      ("tally_service_refusals_total", "Calls of services that were refused", \.refusals),
    ]
    return columns.flatMap { column in
      users.flatMap { user in
        Service.allCases.compactMap { service in
          let line = user.account.line(service)
          guard line.calls + line.refusals > 0 else { return nil }
          return Metrics.Sample(
            name: column.name, isCounter: true, help: column.help,
            labels: "plugin=\"\(user.plugin)\",service=\"\(service.rawValue)\"",
            value: Int64(line[keyPath: column.path]))
        }
      }
    }
  }

  /// What plugins count about themselves.
  private var own: [Metrics.Sample] {
    runtime.instances.compactMap(\.services).flatMap { user in
      user.ownMetrics.map {
        Metrics.Sample(
          name: "tally_plugin_\(user.plugin.replacing("-", with: "_"))_\($0.name)",
          isCounter: $0.isCounter, help: $0.help, value: $0.value)
      }
    }
  }

  private func gauge(_ name: String, _ help: String, _ value: Int) -> Metrics.Sample {
    Metrics.Sample(name: name, isCounter: false, help: help, value: Int64(value))
  }

  private func outcomes(
    _ name: String, _ help: String, _ values: [(outcome: String, count: Int)]
  ) -> [Metrics.Sample] {
    values.map {
      Metrics.Sample(
        name: name, isCounter: true, help: help, labels: "outcome=\"\($0.outcome)\"",
        value: Int64($0.count))
    }
  }
}
