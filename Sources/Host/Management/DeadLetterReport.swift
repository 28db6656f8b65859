import Foundation
import Store

/// A dead letter as an operator reads it.
struct DeadLetterReport: Codable, Equatable, Sendable {
  let id: Int64
  /// Empty when nobody could read the entry.
  let plugin: String
  /// Where it failed: `hook 0`, `reduce pages`, `entry`.
  let step: String
  let appID: String
  let position: UInt64
  let item: UInt32
  let receivedMs: Int64
  let reason: String
  let bytes: Int
  /// The request as it came; only when one letter is shown.
  var request: Request?

  /// What the item says.
  struct Request: Codable, Equatable, Sendable {
    let deviceID: String
    let country: String
    let city: String
    let parameters: [String: String]

    enum CodingKeys: String, CodingKey {
      case country, city, parameters
      case deviceID = "device_id"
    }
  }

  enum CodingKeys: String, CodingKey {
    case id, plugin, step, position, item, reason, bytes, request
    case appID = "app_id"
    case receivedMs = "received_ms"
  }

  init(_ letter: StoredDeadLetter, appID: String) {
    id = letter.id
    plugin = letter.plugin
    step = letter.step.text
    self.appID = appID
    position = letter.position
    item = letter.item
    receivedMs = letter.receivedMs
    reason = letter.reason
    bytes = letter.body.count
  }

  /// One line of a list.
  var line: String {
    let app = appID.isEmpty ? "no app" : "app \(appID)"
    let owner = plugin.isEmpty ? "unreadable" : plugin
    return
      "\(id)  \(owner)  \(step)  \(app)  position \(position) item \(item)  \(time)\n    \(reason)"
  }

  /// Everything that is known.
  var text: String {
    guard let request else { return line }
    let parameters = request.parameters.sorted { $0.key < $1.key }
      .map { "      \($0.key) = \($0.value)" }
    let place = [request.country, request.city].filter { !$0.isEmpty }.joined(separator: " ")
    return
      ([line, "    device \(request.deviceID) \(place)".trimmedEnd, "    \(bytes) bytes:"]
      + parameters).joined(separator: "\n")
  }

  private var time: String {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    return Date(timeIntervalSince1970: Double(receivedMs) / 1_000).formatted(style)
  }
}

extension DeadLetterReport.Request {
  /// Nil when the bytes are no item.
  init?(_ body: [UInt8]) {
    let parsed = body.withUnsafeBytes { bytes -> Self? in
      func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes, as: UTF8.self)
      }
      if let command = RequestRecord.Command(item: bytes) {
        return Self(
          deviceID: text(command.device), country: "", city: "",
          parameters: ["(command)": command.name, "(payload)": text(command.payload)])
      }
      guard let item = RequestRecord.Item(bytes) else { return nil }
      var parameters: [String: String] = [:]
      var cursor = item.parameters
      while let parameter = cursor.next() {
        parameters[text(parameter.key)] = text(parameter.value)
      }
      if let object = item.object { parameters["(body)"] = text(object) }
      return Self(
        deviceID: text(item.device), country: text(item.country), city: text(item.city),
        parameters: parameters)
    }
    guard let parsed else { return nil }
    self = parsed
  }
}
