import PluginABI

/// Numbers about the plugin itself, at /metrics as `tally_plugin_<plugin>_<name>`.
public struct Metrics: @unchecked Sendable {
  private let table: UnsafePointer<tally_metrics>

  /// Fetches the service; in the plugin's `init`. [control]
  public init(_ host: Host) throws {
    table = try host.service("tally.metrics", as: tally_metrics.self)
  }

  /// A number that only grows; its name ends in `_total`. In the plugin's `init`. [control]
  public func counter(_ name: String, help: String) throws -> Gauge {
    try define(TALLY_KIND_COUNTER, name, help)
  }

  /// A number that goes up and down. In the plugin's `init`. [control]
  public func gauge(_ name: String, help: String) throws -> Gauge {
    try define(TALLY_KIND_GAUGE, name, help)
  }

  private func define(_ kind: UInt32, _ name: String, _ help: String) throws -> Gauge {
    var number: UInt32 = 0
    try Text.with(name) { name in
      try Text.with(help) { help in
        try ServiceCall.run {
          table.pointee.define(table.pointee.ctx, kind, name.abi, help.abi, &number, $0)
        }
      }
    }
    return Gauge(table: table, number: number)
  }
}

/// A defined metric. Any thread.
public struct Gauge: @unchecked Sendable {
  fileprivate let table: UnsafePointer<tally_metrics>
  fileprivate let number: UInt32

  /// Adds to it; a counter takes nothing below zero. [any]
  public func add(_ amount: Int64) { table.pointee.add(table.pointee.ctx, number, amount) }

  /// Sets it; a counter stays as it is. [any]
  public func set(_ amount: Int64) { table.pointee.set(table.pointee.ctx, number, amount) }
}
