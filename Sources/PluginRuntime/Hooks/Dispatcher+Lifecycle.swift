import Logging
import PluginABI

/// Lifecycle hooks: between two batches, in order.
extension Dispatcher {
  /// Tells the lifecycle hooks what was posted since. The pipeline's thread, between two batches.
  package func deliverLifecycle() {
    guard !lifecycle.isEmpty else { return }
    for posted in lifecycle.take() {
      let exports = LifecycleExports()
      for entry in set.plan[.lifecycle] { tell(entry, posted.event, exports) }
      posted.answer?(exports.all)
    }
  }

  private func tell(
    _ entry: HookPlan.Entry, _ event: LifecycleQueue.Event, _ exports: LifecycleExports
  ) {
    guard case .lifecycle(let function) = entry.hook.function,
      entry.hook.lifecycleKinds >> event.kind.rawValue & 1 != 0
    else { return }
    let instance = entry.instance
    exports.account = instance.account
    let begun = CallMeter.now()
    let (status, reason) = withTable(event, exports) { table in
      instance.lane?.tell(entry.hook.ordinal, table)
        ?? ErrorText.collect(instance.secrets) { error in
          breadcrumb.during(
            StaticName(instance.name + "/lifecycle"), .lifecycle, 0...0, item: nil
          ) {
            function(instance.pointer, table, error)
          }
        }
    }
    instance.counts.add(failed: status != TALLY_OK)
    instance.account[.lifecycle].recordAlone(
      since: begun, items: 0, events: 0, failed: status != TALLY_OK)
    guard status != TALLY_OK else { return }
    log.error(
      "a lifecycle hook failed",
      metadata: [
        "plugin": "\(instance.name)", "event": "\(event.kind)",
        "reason": "status \(status): \(reason)",
      ])
  }

  private func withTable<T>(
    _ event: LifecycleQueue.Event, _ exports: LifecycleExports,
    _ body: (UnsafePointer<tally_lifecycle>) -> T
  ) -> T {
    Array(event.appID.utf8).withTallyText { appID in
      Array(event.name.utf8).withTallyText { name in
        Array(event.detail.utf8).withTallyText { detail in
          var table = tally_lifecycle()
          table.struct_size = UInt32(MemoryLayout<tally_lifecycle>.size)
          table.kind = event.kind.rawValue
          table.app = event.app
          table.at_ms = event.atMs
          table.user = event.user
          table.into = event.into
          (table.app_id, table.name, table.detail) = (appID, name, detail)
          table.ctx = Unmanaged.passUnretained(exports).toOpaque()
          if event.kind == .userExported {
            table.write = { ctx, name, json in
              guard let ctx else { return }
              Unmanaged<LifecycleExports>.fromOpaque(ctx).takeUnretainedValue()
                .write(name, json.bytes)
            }
          }
          return withExtendedLifetime(exports) { withUnsafePointer(to: table, body) }
        }
      }
    }
  }
}

/// What lifecycle hooks add to one export.
private final class LifecycleExports {
  /// Values of one export, and bytes of one of them.
  static let valuesMax = 1_024
  static let valueBytesMax = 16 << 20

  /// Of the plugin that is called.
  var account: PluginAccount?
  private(set) var all: [LifecycleQueue.Export] = []

  func write(_ name: tally_str, _ json: UnsafeRawBufferPointer) {
    guard let account, let name = name.string, !name.isEmpty else { return }
    guard all.count < Self.valuesMax, json.count <= Self.valueBytesMax else {
      return account.drop(.export)
    }
    guard JSONCheck.isValue(json) else { return }
    all.append(.init(plugin: account.plugin, name: name, json: Array(json)))
  }
}
