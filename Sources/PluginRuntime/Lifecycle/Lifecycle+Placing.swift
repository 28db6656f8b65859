/// The order of hooks, changed while they run.
extension Lifecycle {
  /// Takes over what the configuration says about the place of hooks; whether it differs from what
  /// is in force. An order in which plugins that run wait for each other is refused: whole when
  /// `isStrict`, else the order before stays.
  func place(_ plugins: [Plugin], isStrict: Bool) throws(PluginError) -> Bool {
    let wanted = Dictionary(plugins.map { ($0.name, $0.placement) }) { first, _ in first }
    let before = runtime.placements.withLock { $0 }
    guard wanted != before else { return false }
    let staying = Set(plugins.filter(\.isEnabled).map(\.name))
    let instances = runtime.set.instances.filter { staying.contains($0.name) }
    do throws(PluginError) {
      _ = try PluginSet(version: 0, instances, placements: wanted)
    } catch {
      guard !isStrict else { throw error }
      log.error("the order of plugins is refused", metadata: ["reason": "\(error)"])
      return false
    }
    runtime.placements.withLock { $0 = wanted }
    return true
  }

  /// Publishes what runs in its new order.
  func reorder() {
    let set = runtime.set
    do throws(PluginError) {
      let next = try PluginSet(
        version: set.version + 1, set.instances, placements: runtime.placements.withLock { $0 })
      runtime.publish(next)
      state.withLock { $0.taker }?.wake()
    } catch { preconditionFailure("an order that was tried does not fit: \(error)") }
  }
}
