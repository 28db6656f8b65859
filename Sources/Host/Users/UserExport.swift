import Foundation
import PluginRuntime
import Store

/// Puts together what is kept about users.
struct UserExport {
  /// How long plugins may take to add what they know.
  private static let patience: TimeInterval = 10

  let core: Core
  let app: RegisteredApp
  let users: [AppUser]

  /// Of one user what there is; of several the list of them, and what there is of each.
  func json() throws -> JSONValue {
    let requests = try requests()
    let all = try users.map { try json(of: $0, requests.byUser[$0.uid] ?? [], requests.isCut) }
    if all.count == 1 { return all[0] }
    return .object(["app_users": .array(users.map(\.document)), "users": .array(all)])
  }

  private func json(
    of user: AppUser, _ requests: [JSONValue], _ isCut: Bool
  ) throws -> JSONValue {
    var members: [String: JSONValue] = ["app_users": .array([user.document])]
    members["requests"] = .array(requests)
    if isCut { members["requests_left_out"] = .bool(true) }
    members["picture"] = picture(of: user)
    var plugins: [String: [String: JSONValue]] = [:]
    for export in try told(of: user) {
      plugins[export.plugin, default: [:]][export.name] = JSONValue(
        String(decoding: export.json, as: UTF8.self))
    }
    members["plugins"] = .object(plugins.mapValues { .object($0) })
    return .object(members)
  }

  /// Who goes on for whom of those whose requests are looked for.
  private func successors() throws -> [UInt64: UInt64] {
    var successors: [UInt64: UInt64] = [:]
    try core.store.read { (snapshot) throws in
      for user in users {
        for number in try snapshot.aliases(app: app.number, user: user.uid) {
          successors[number] = user.uid
        }
      }
    }
    return successors
  }

  /// What the users' devices sent, before they were one user as well; in one look at all of it.
  private func requests() throws -> (byUser: [UInt64: [JSONValue]], isCut: Bool) {
    var found: [UInt64: [JSONValue]] = [:]
    var (count, isCut) = (0, false)
    let successors = try successors()
    try core.store.rawItems(app: app.number, users: Set(successors.keys)) { item in
      guard count < UserExports.requestsMax else {
        isCut = true
        return false
      }
      count += 1
      var members: [String: JSONValue] = [
        "timestamp": .number(Double(item.timestampMs)),
        "received": .number(Double(item.receivedMs)),
      ]
      if let request = DeadLetterReport.Request(item.body) {
        members["parameters"] = .object(request.parameters.mapValues { JSONValue.string($0) })
        members["country"] = .string(request.country)
        members["city"] = .string(request.city)
      }
      found[successors[item.user] ?? item.user, default: []].append(.object(members))
      return true
    }
    return (found, isCut)
  }

  /// What the user's device sent; nil when it sent none.
  private func picture(of user: AppUser) -> JSONValue? {
    let name = user.device.withUnsafeBytes { PictureFolder.name(appID: app.hexID, device: $0) }
    return core.pictures.read(name, appID: app.hexID).map { picture in
      .object([
        "type": .string(picture.format.contentType),
        "base64": .string(Data(picture.bytes).base64EncodedString()),
      ])
    }
  }

  /// What plugins add, when all have heard of it.
  private func told(of user: AppUser) throws -> [LifecycleQueue.Export] {
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
