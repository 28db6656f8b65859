import Foundation

/// What `tally deadletter` asks, of a running server or of an opened folder.
enum DeadLetterRequest {
  static let command = "deadletter"

  case list(plugin: String?, limit: Int)
  case show(Int64)
  case replay(Int64)
  case drop(Int64)

  var controlRequest: ControlRequest {
    var arguments: [String: String] = [:]
    switch self {
    case .list(let plugin, let limit):
      arguments = ["action": "list", "limit": "\(limit)"]
      arguments["plugin"] = plugin
    case .show(let id): arguments = ["action": "show", "id": "\(id)"]
    case .replay(let id): arguments = ["action": "replay", "id": "\(id)"]
    case .drop(let id): arguments = ["action": "drop", "id": "\(id)"]
    }
    return ControlRequest(command: Self.command, arguments: arguments)
  }

  /// What came through the socket.
  init(_ request: ControlRequest) throws(CommandError) {
    let id = request.arguments["id"].flatMap(Int64.init)
    switch (request.arguments["action"], id) {
    case ("list", _):
      self = .list(
        plugin: request.arguments["plugin"],
        limit: request.arguments["limit"].flatMap(Int.init) ?? DeadLetterDesk.listMax)
    case ("show", let id?): self = .show(id)
    case ("replay", let id?): self = .replay(id)
    case ("drop", let id?): self = .drop(id)
    default: throw CommandError(.control, "the server does not know this of deadletter; update it")
    }
  }

  /// Does it; the answer is JSON text. Only a replay needs a pipeline.
  func perform(_ desk: DeadLetterDesk, pipeline: Pipeline?) throws -> ControlReply {
    switch self {
    case .list(let plugin, let limit): try .json(desk.list(plugin: plugin, limit: limit))
    case .show(let id): try .json(desk.show(id))
    case .drop(let id): try .json(["dropped": desk.drop([id])])
    case .replay(let id):
      if let pipeline {
        try .json(desk.replay(id, on: pipeline))
      } else {
        throw CommandError(.control, "a replay needs the pipeline")
      }
    }
  }
}

extension ControlReply {
  private static let key = "json"

  /// An answer that is a structure.
  static func json(_ value: some Encodable) throws -> ControlReply {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return .success([key: String(decoding: try encoder.encode(value), as: UTF8.self)])
  }

  /// The structure, or the refusal as the error it was.
  func decode<Value: Decodable>(_ type: Value.Type) throws(CommandError) -> Value {
    let values = try get()
    guard let text = values[Self.key],
      let value = try? JSONDecoder().decode(type, from: Data(text.utf8))
    else {
      throw CommandError(.control, "the server's answer is of another version; update both")
    }
    return value
  }
}
