import PluginKit

/// The names this plugin reads in requests.
struct RequestKeys: Sendable {
  let metrics: Key
  let agent: Key
  let bot: Key
  let beginSession: Key
  let timestamp: Key
  let crash: Key
  let segment: Key
  /// What is filled in, with the name in `metrics` and in `crash`, and the key of what it is said
  /// about: a version is that of the browser the user agent names, not of one that the SDK names.
  let fields: [(field: Agent.Field, name: StaticString, key: Key, subject: Key)]

  private static let names: [(Agent.Field, StaticString, StaticString)] = [
    (.browser, "_browser", "_browser"), (.browserVersion, "_browser_version", "_browser"),
    (.os, "_os", "_os"), (.osVersion, "_os_version", "_os"), (.device, "_device", "_device"),
    (.deviceType, "_device_type", "_device_type"),
  ]

  init(_ host: Host) throws {
    metrics = try host.intern("metrics")
    agent = try host.intern("_ua")
    bot = try host.intern("_bot")
    beginSession = try host.intern("begin_session")
    timestamp = try host.intern("timestamp")
    crash = try host.intern("crash")
    segment = try host.intern("segment")
    fields = try Self.names.map { field, name, subject in
      (field, name, try host.intern("\(name)"), try host.intern("\(subject)"))
    }
  }
}

/// A request whose user agent is known, and what is asked for about it.
struct WebRequest {
  /// Parameters that are taken out one by one; a request with more is dropped whole.
  static let parametersMax = 200

  let item: Item
  let metrics: Node
  let agent: Agent
  let keys: RequestKeys

  /// Says what the SDK does not say itself: of a session's beginning, of crashes, and the platform of
  /// views. Users keep what their session began with, so other requests go through as they are.
  func complete(_ verdicts: borrowing Verdicts) {
    if agent.isBot { agent.with(.bot) { verdicts.set(item, metrics, "_bot", json: $0) } }
    if item.root[keys.beginSession]?.isYes == true { fill(metrics, verdicts) }
    if let crash = item.root[keys.crash], crash.kind == .object { fill(crash, verdicts) }
    for event in item.events where event.isInternal && event.key == "[CLY]_view" {
      let segmentation = event.segmentation
      guard segmentation.kind == .object, segmentation[keys.segment] == nil else { continue }
      agent.with(.os) { verdicts.set(item, segmentation, "segment", json: $0) }
    }
  }

  private func fill(_ object: Node, _ verdicts: borrowing Verdicts) {
    for (field, name, key, subject) in keys.fields
    where object[key] == nil && object[subject] == nil {
      agent.with(field) { verdicts.set(item, object, Text(stringLiteral: name), json: $0) }
    }
  }

  /// Leaves nothing to count but the bot's name, of nobody.
  func setApart(_ verdicts: borrowing Verdicts) {
    let parameters = item.root.children
    guard parameters.reduce(0, { count, _ in count + 1 }) <= Self.parametersMax else {
      return verdicts.drop(item)
    }
    verdicts.disown(item)
    for parameter in parameters
    where !parameter.isNamed(keys.timestamp) && !parameter.isNamed(keys.metrics) {
      verdicts.remove(item, item.root, parameter.name)
    }
    agent.with(.bot) { name in
      TextBuffer.with(capacity: 2 * Agent.valueBytesMax + 16) { buffer in
        buffer.append("{\"_bot\":")
        buffer.append(name)
        buffer.append("}")
        verdicts.set(item, item.root, "metrics", json: buffer.text())
      }
    }
  }
}
