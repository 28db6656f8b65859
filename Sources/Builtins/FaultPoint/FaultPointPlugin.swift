import PluginKit

private let entry = PluginEntry(FaultPointPlugin.self) { FaultPointPlugin.create($0, $1, $2) }

@c(tally_plugin_fault_point)
func tallyPluginFaultPoint() -> PluginTable { entry.table }

/// Traps at a request with the parameter `trap_me`, and counts the others. Runs only where a test
/// arms it.
struct FaultPointPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "fault-point", version: "1.0.0", summary: "Traps at requests that ask for it, in tests.")

  private let trap: Key

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    trap = try host.intern("trap_me")
    try registrar.hook(keys: [trap])
  }

  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) {
    for item in batch {
      precondition(item.root[trap] == nil, "the fault point was reached")
    }
  }
}
