import PluginKit

/// Reads user agents, and remembers what they mean. Used in `transform` alone, which the host calls
/// on one thread.
final class AgentMemory: @unchecked Sendable {
  private let reader: AgentReader
  private let agentBytesMax: Int
  private var cache: AgentCache
  private var read = 0
  private var bots = 0
  private var published = (read: 0, bots: 0, evictions: 0, limited: 0)
  /// Nil in a host that shows no metrics, as the one that checks plugins.
  private let counters: (read: Gauge, bots: Gauge, evictions: Gauge, limited: Gauge)?

  /// Reads the file of patterns; throws what is wrong with it.
  init(_ host: Host) throws {
    let path = try host.string("patterns")
    do throws(PatternError) {
      reader = try AgentReader(PatternFile(path: path))
    } catch {
      throw PluginError(.invalid, error.file.isEmpty ? "\(path)\(error.text)" : error.text)
    }
    agentBytesMax = try host.int("agent_bytes_max")
    cache = AgentCache(limit: try host.int("agents_max"))
    guard let metrics = try? Metrics(host) else {
      counters = nil
      return
    }
    counters = (
      try metrics.counter("agents_read_total", help: "User agents that were not remembered"),
      try metrics.counter("bots_total", help: "Requests of bots"),
      try metrics.counter("agents_evicted_total", help: "User agents that gave up their place"),
      try metrics.counter("patterns_limited_total", help: "Patterns that took too many steps")
    )
  }

  func agent(_ text: Text) -> Agent {
    cache.agent(text.prefix(agentBytesMax).bytes) { text in
      read += 1
      return reader.read(text)
    }
  }

  func countBot() {
    bots += 1
  }

  /// Shows the counts; once a batch.
  func publish() {
    let now = (read: read, bots: bots, evictions: cache.evictions, limited: reader.limited)
    guard let counters, now != published else { return }
    counters.read.add(Int64(now.read - published.read))
    counters.bots.add(Int64(now.bots - published.bots))
    counters.evictions.add(Int64(now.evictions - published.evictions))
    counters.limited.add(Int64(now.limited - published.limited))
    published = now
  }
}
