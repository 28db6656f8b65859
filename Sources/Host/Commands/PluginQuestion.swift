import PluginRuntime

/// What `tally plugin list`, `info` and `order` and `tally top` ask of a running server.
enum PluginQuestion: Equatable {
  static let command = "plugins"

  case overview
  case info(String)
  case order

  /// Everything about one plugin.
  struct Info: Codable, Equatable {
    let plugin: PluginRow
    let settings: [SettingReport]
    /// Where its hooks stand.
    let order: [HookReport]
  }

  var controlRequest: ControlRequest {
    var arguments: [String: String] = [:]
    switch self {
    case .overview: arguments = ["about": "all"]
    case .info(let plugin): arguments = ["about": "plugin", "plugin": plugin]
    case .order: arguments = ["about": "order"]
    }
    return ControlRequest(command: Self.command, arguments: arguments)
  }

  /// What came through the socket.
  init(_ request: ControlRequest) throws(CommandError) {
    switch (request.arguments["about"], request.arguments["plugin"]) {
    case ("all", _): self = .overview
    case ("order", _): self = .order
    case ("plugin", let name?): self = .info(name)
    default: throw CommandError(.control, "the server does not know this of plugins; update it")
    }
  }

  func answer(_ directory: PluginDirectory) throws -> ControlReply {
    switch self {
    case .overview: return try .json(directory.overview())
    case .order: return try .json(directory.order)
    case .info(let name):
      let rows = try directory.overview(storage: .now).plugins
      guard let row = rows.first(where: { $0.code == name }) else {
        throw CommandError(
          .invalidArgument,
          "there is no plugin \"\(name)\""
            + NearestName.hint(for: name, among: rows.map(\.code), called: "plugins"))
      }
      return try .json(
        Info(
          plugin: row, settings: directory.settings(of: name) ?? [],
          order: directory.order.filter { $0.plugin == name }))
    }
  }

  /// Asks the server that runs on the folder; nil when none does.
  func ask<Value: Decodable>(_ type: Value.Type, folder: String) throws -> Value? {
    try ControlClient.ask(controlRequest, folder: folder)?.decode(type)
  }
}
