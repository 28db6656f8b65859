import Foundation
import PluginRuntime
import Store

/// Puts together what is kept about one user.
struct UserExport {
  /// How long plugins may take to add what they know.
  private static let patience: TimeInterval = 10

  let core: Core
  let app: RegisteredApp
  let user: AppUser

  func json() throws -> JSONValue {
    var members: [String: JSONValue] = ["app_users": .array([user.document])]
    let (requests, isCut) = try requests()
    members["requests"] = .array(requests)
    if isCut { members["requests_left_out"] = .bool(true) }
    members["picture"] = picture()
    var plugins: [String: [String: JSONValue]] = [:]
    for export in try told() {
      plugins[export.plugin, default: [:]][export.name] = JSONValue(
        String(decoding: export.json, as: UTF8.self))
    }
    members["plugins"] = .object(plugins.mapValues { .object($0) })
    return .object(members)
  }

  /// What the user's devices sent, before they were one user as well.
  private func requests() throws -> ([JSONValue], isCut: Bool) {
    var found: [JSONValue] = []
    var isCut = false
    let numbers = try core.store.read { try $0.aliases(app: app.number, user: user.uid) }
    try core.store.rawItems(app: app.number, users: Set(numbers)) { item in
      guard found.count < UserExports.requestsMax else {
        isCut = true
        return false
      }
      var members: [String: JSONValue] = [
        "timestamp": .number(Double(item.timestampMs)),
        "received": .number(Double(item.receivedMs)),
      ]
      if let request = DeadLetterReport.Request(item.body) {
        members["parameters"] = .object(request.parameters.mapValues { JSONValue.string($0) })
        members["country"] = .string(request.country)
        members["city"] = .string(request.city)
      }
      found.append(.object(members))
      return true
    }
    return (found, isCut)
  }

  /// What the user's device sent; nil when it sent none.
  private func picture() -> JSONValue? {
    let name = user.device.withUnsafeBytes { PictureFolder.name(appID: app.hexID, device: $0) }
    return core.pictures.read(name, appID: app.hexID).map { picture in
      .object([
        "type": .string(picture.format.contentType),
        "base64": .string(Data(picture.bytes).base64EncodedString()),
      ])
    }
  }

  /// What plugins add, when all have heard of it.
  private func told() throws -> [LifecycleQueue.Export] {
    let box = Answer()
    var event = LifecycleQueue.Event(.userExported, atMs: Clock.system.nowMs)
    (event.app, event.appID, event.user) = (app.number, app.hexID, user.uid)
    guard core.runtime.happenings.post(event, answer: { box.set($0) }),
      let told = box.wait(Self.patience)
    else { throw UserDesk.Refusal(reason: "the plugins did not answer in time; try again") }
    return told
  }

  /// Where the pipeline leaves what plugins said.
  private final class Answer: @unchecked Sendable {
    private let condition = NSCondition()
    private var all: [LifecycleQueue.Export]?

    func set(_ exports: [LifecycleQueue.Export]) {
      condition.withLock {
        all = exports
        condition.broadcast()
      }
    }

    func wait(_ seconds: TimeInterval) -> [LifecycleQueue.Export]? {
      let deadline = Date(timeIntervalSinceNow: seconds)
      return condition.withLock {
        while all == nil, condition.wait(until: deadline) {}
        return all
      }
    }
  }
}
