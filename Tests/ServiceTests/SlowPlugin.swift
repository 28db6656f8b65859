import Glibc
import PluginKit

private let entry = PluginEntry(SlowPlugin.self) { SlowPlugin.create($0, $1, $2) }

@c(tally_plugin_slow)
public func tallyPluginSlow() -> PluginTable { entry.table }

let slow: PluginEntryFunction = { tallyPluginSlow() }

/// Reads, takes its time, and reads again.
struct SlowPlugin: Plugin {
  static let descriptor = Descriptor(name: "slow", version: "1.0.0", summary: "Takes its time.")

  private let taps: Metric

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    taps = try registrar.metric("taps", measures: [.sum("t")])
    try registrar.read(method: "slow")
  }

  func answer(_ request: borrowing PluginKit.Request, _ reply: borrowing Reply) throws {
    try request.document(Question(taps))
    usleep((UInt32(String(request["ms"] ?? "0")) ?? 0) * 1_000)
    try request.document(Question(taps))
  }
}
