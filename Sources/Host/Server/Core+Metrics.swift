import Journal
import PluginRuntime
import Store

extension Core {
  /// Adds what store, journal and plugins know to `/metrics`.
  func publish(_ metrics: Metrics) {
    decoding.register(in: metrics)
    outcomes.register(in: metrics)
    live.watchers.register(in: metrics)
    keeper.register(in: metrics)
    pictures.register(in: metrics)
    security.register(in: metrics)
    reads.register(in: metrics)
    let numbers = ServiceNumbers(services: services, outbox: outbox, runtime: runtime)
    metrics.include { numbers.samples }
    let journal = journal
    metrics.gauge("tally_journal_durable_position", help: "The last position that is durable") {
      Int(journal.durablePosition)
    }
    metrics.gauge("tally_store_position", help: "The last position that is committed") { [store] in
      Int(store.committedPosition)
    }
    metrics.counter("tally_reads_cut_total", help: "Questions that read for too long") { [store] in
      store.readsCut
    }
    metrics.gauge("tally_journal_queue_bytes", help: "Bytes that wait for the disk") {
      journal.statistics.queueBytes
    }
    metrics.counter("tally_journal_groups_total", help: "Groups written") {
      Int(journal.statistics.groups)
    }
    metrics.counter("tally_journal_syncs_total", help: "Syncs of the journal") {
      Int(journal.statistics.syncs)
    }
    metrics.counter("tally_journal_bytes_total", help: "Bytes written to the journal") {
      Int(journal.statistics.bytes)
    }
    metrics.gauge("tally_plugins_draining", help: "Plugin instances that end") { [lifecycle] in
      lifecycle.drainingCount
    }
    metrics.family("tally_consumer_lag", help: "Requests that a plugin has not yet seen") {
      [runtime, pipeline] in
      runtime.instances.map {
        (labels: "plugin=\"\($0.name)\"", value: pipeline.progress.lag(of: $0.number))
      }
    }
    metrics.family("tally_plugin_generation", help: "Copies of a plugin's code that were loaded") {
      [lifecycle] in
      lifecycle.statuses.map { (labels: "plugin=\"\($0.name)\"", value: $0.generation) }
    }
    metrics.family("tally_plugin_refusals_total", help: "Requests its intake hooks refused") {
      [runtime] in
      runtime.instances.map {
        (labels: "plugin=\"\($0.name)\"", value: $0.counts.refusals)
      }
    }
    metrics.counter("tally_lifecycle_dropped_total", help: "Events lifecycle hooks never heard of")
    {
      [runtime] in
      runtime.happenings.dropped
    }
    metrics.gauge("tally_pipeline_held", help: "1 while a transform hook holds the pipeline") {
      [pipeline] in
      pipeline.isHeld ? 1 : 0
    }
    metrics.gauge("tally_plugins_running", help: "Plugins that run") { [runtime] in
      runtime.instances.count
    }
    metrics.gauge("tally_plugins_refused", help: "Plugins the server runs without") { [runtime] in
      runtime.refusals.count
    }
    places?.book.register(in: metrics)
    publishLanes(metrics)
  }

  /// What becomes of the runners of isolated plugins.
  private func publishLanes(_ metrics: Metrics) {
    func family(
      _ name: String, _ help: String, _ value: @escaping @Sendable (IsolationStatus) -> Int
    ) {
      metrics.family(name, help: help) { [runtime] in
        runtime.instances.compactMap { instance in
          instance.lane.map { ("plugin=\"\(instance.name)\"", value($0.status)) }
        }
      }
    }
    family("tally_plugin_faults_total", "Times that an isolated plugin ended its runner") {
      $0.faults
    }
    family("tally_plugin_refused_calls_total", "System calls refused to an isolated plugin") {
      $0.refusedCalls
    }
    family("tally_plugin_dropped_lines_total", "Printed lines over the limit") { $0.droppedLines }
    metrics.family("tally_plugin_quarantined", help: "1 when the plugin was given up") {
      [lifecycle] in
      lifecycle.statuses.map {
        ("plugin=\"\($0.name)\"", $0.state == .quarantined ? 1 : 0)
      }
    }
  }
}
