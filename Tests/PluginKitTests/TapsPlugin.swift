import PluginKit

private let entry = PluginEntry(TapsPlugin.self) { TapsPlugin.create($0, $1, $2) }

@c(tally_plugin_taps_swift)
public func tallyPluginTapsSwift() -> PluginTable { entry.table }

struct TapsPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "taps-swift", version: "1.0.0", summary: "Counts taps per button.")

  private let taps: Metric
  private let button: Key

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    button = try host.intern("taps")
    taps = try registrar.metric(
      "taps", measures: [.sum("t")], dimensions: [.inline("button", meta: "buttons")])
    try registrar.hook(keys: [button])
    try registrar.read(method: "taps")
  }

  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) {
    for item in batch {
      guard let name = item.root[button]?.text, !name.isEmpty else { continue }
      effects.count(item, taps.series(dimension: "button", value: name), 1)
      effects.count(item, taps.series(), 1)
    }
  }

  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    try request.document(Question(taps))
  }
}
