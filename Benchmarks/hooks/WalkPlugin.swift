import PluginKit

private let entry = PluginEntry(WalkPlugin.self) { WalkPlugin.create($0, $1, $2) }

@c(tally_plugin_walk_swift)
public func tallyPluginWalkSwift() -> PluginTable { entry.table }

/// What `walk.c` does, in Swift.
struct WalkPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "walk-swift", version: "1.0.0", summary: "Walks events, in benchmarks.")

  private let walk: Metric

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    walk = try registrar.metric("walk", measures: [.sum("t")])
    try registrar.hook()
  }

  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) {
    var sum: Int64 = 0
    var first: Item?
    for item in batch {
      if first == nil { first = item }
      for event in item.events {
        sum += event.count + event.duration + Int64(event.key.count)
      }
    }
    if let first { effects.count(first, walk.series(), sum) }
  }
}
