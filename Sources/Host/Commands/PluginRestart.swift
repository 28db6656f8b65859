import Foundation
import Store

/// Where a plugin that is switched on begins: checked, and ready for the store or for a running
/// server.
struct PluginRestart: Equatable, Sendable {
  /// The three ways to say it.
  enum Start: Equatable, Sendable {
    case beginning
    case now
    /// Midnight, UTC.
    case day(CivilDay)
  }

  /// A day as it was written.
  struct CivilDay: Equatable, Sendable {
    let text: String
    let milliseconds: Int64

    init?(_ text: String) {
      let formatter = ISO8601DateFormatter()
      formatter.formatOptions = [.withFullDate]
      guard let date = formatter.date(from: text) else { return nil }
      self.text = text
      milliseconds = Int64(date.timeIntervalSince1970) * 1_000
    }
  }

  let plugin: String
  let start: Start
  let forget: Bool

  init(plugin: String, from: String, forget: Bool) throws(CommandError) {
    self.plugin = plugin
    self.forget = forget
    switch from {
    case "beginning": start = .beginning
    case "now": start = .now
    default:
      guard let day = CivilDay(from) else {
        throw CommandError(
          .invalidArgument,
          "--from must be beginning, now or a day such as 2026-11-01, have \"\(from)\"")
      }
      start = .day(day)
    }
    guard !(start == .now && forget) else {
      throw CommandError(
        .invalidArgument, "--forget counts again what --from now leaves out; choose one of the two")
    }
  }

  // MARK: The control socket

  init(_ request: ControlRequest) throws(CommandError) {
    guard let plugin = request.arguments["plugin"], let from = request.arguments["from"] else {
      throw CommandError(.control, "plugin-restart needs plugin and from; update both programs")
    }
    try self.init(plugin: plugin, from: from, forget: request.arguments["forget"] == "true")
  }

  private var request: ControlRequest {
    let from =
      switch start {
      case .beginning: "beginning"
      case .now: "now"
      case .day(let day): day.text
      }
    return ControlRequest(
      command: PluginRequest.restart,
      arguments: ["plugin": plugin, "from": from, "forget": "\(forget)"])
  }

  // MARK: Performing

  /// Through the server that runs there, else on the opened store; the position behind which the
  /// plugin goes on.
  func perform(_ host: HostSettings) throws -> String {
    if let reply = try ControlClient.ask(request, folder: host.data) {
      return try reply.get()["position"] ?? "unknown"
    }
    let lock = try DataFolder(locking: host.data)
    return try withExtendedLifetime(lock) {
      let store = try Store.open(directory: host.data, tuning: StoreTuning(host))
      let found = try self.start(in: store)
      try store.restart(plugin: plugin, after: found.position, forgetting: found.forgets)
      try store.close()
      return "\(found.position)"
    }
  }

  /// The position behind which the plugin goes on, and whether it forgets. Refused when it would
  /// count twice what it has counted.
  func start(in store: Store) throws -> (position: UInt64, forgets: Bool) {
    let number = try store.knownPluginNumber(plugin)
    let known = try number.flatMap { try store.storedPosition(ofPlugin: $0) }
    let position: UInt64
    switch start {
    case .now: return (store.committedPosition, false)
    case .beginning: position = 0
    case .day(let day):
      position = try store.position(beforeReceivedMs: day.milliseconds)
    }
    if let known, known > position, !forget {
      throw CommandError(
        .invalidArgument,
        "\(plugin) has counted requests up to position \(known) and would count them twice; add "
          + "--forget to drop what it has counted, or leave --from out to go on where it was")
    }
    return (position, forget)
  }
}
