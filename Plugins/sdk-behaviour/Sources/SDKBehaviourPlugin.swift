import PluginKit

private let entry = PluginEntry(SDKBehaviourPlugin.self) { SDKBehaviourPlugin.create($0, $1, $2) }

/// The one function the library exports, named after the plugin.
@c(tally_plugin_sdk_behaviour)
public func tallyPluginSDKBehaviour() -> PluginTable { entry.table }

/// Tells SDKs how to behave: what to record, how much to queue, when to hold back. Each key of
/// `/o/sdk?method=sc` is a setting of the same name, which an app may have for itself.
struct SDKBehaviourPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "sdk-behaviour", version: "1.0.0",
    summary: "Tells SDKs what to record, how much to queue and when to hold back.",
    settings: BehaviourKey.all.map(\.setting) + [EnforcedKeys.setting])

  private let host: Host

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    self.host = host
    try Self.check(host)
    _ = try registrar.route(
      "/o/sdk", method: "sc", isPublic: true,
      summary: "What the app's SDKs record, queue and send.")
  }

  /// Refuses what a range cannot: lists that are no lists, and names of keys that are none.
  private static func check(_ host: Host) throws {
    for key in BehaviourKey.all {
      guard let shape = key.shape else { continue }
      let text = try host.string(key.name)
      guard text.isEmpty || Text.with(text, { JSONShape.fits($0, shape) }) else {
        throw PluginError(.invalid, "\(key.name) needs \(shape.example), have \(text)")
      }
    }
    let enforced = EnforcedKeys(try host.string(EnforcedKeys.name))
    if let unknown = enforced.unknown {
      throw PluginError(.invalid, "\(EnforcedKeys.name) names \"\(unknown)\", which is no key")
    }
  }

  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    reply.write("{\"v\":2,\"t\":")
    reply.number(request.nowMs)
    reply.write(",\"c\":{")
    var isFirst = true
    let enforced = EnforcedKeys(try host.string(EnforcedKeys.name, app: request.app))
    for key in BehaviourKey.all {
      guard let value = try key.value(host, app: request.app, isEnforced: enforced.has(key)) else {
        continue
      }
      if !isFirst { reply.write(",") }
      isFirst = false
      Text.with("\"\(key.name)\":\(value)") { reply.write($0) }
    }
    reply.write("}}")
  }
}
