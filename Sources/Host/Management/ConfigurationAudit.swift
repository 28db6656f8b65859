import Foundation
import Logging
import PluginRuntime
import Store
import Synchronization

/// Keeps who changed what of the configuration: one line of the audit for each value, whether it
/// came through the API, a command or the file, also while no server ran. Lifecycle hooks are told
/// whose settings changed.
final class ConfigurationAudit: Sendable {
  static let action = "configuration.changed"
  /// Changes that were announced and whose file was not read yet.
  private static let announcedMax = 16
  /// Where the last state is kept: below the name that no plugin has.
  private static let owner = ""
  private static let saltKey = "configuration-salt"
  private static let factsKey = "configuration"

  private struct State {
    var facts: ConfigurationFacts?
    var announced: [(text: String, author: ConfigurationAuthor)] = []
    /// Of every plugin that ever ran.
    var manifests: [String: Manifest] = [:]
  }

  private let core: Core
  private let now: @Sendable () -> Int64
  private let state = Mutex(State())

  init(core: Core, now: @escaping @Sendable () -> Int64 = { Clock.system.nowMs }) {
    self.core = core
    self.now = now
  }

  /// The file is about to say this, and who has it say so: whoever reads it first, the watcher or
  /// the one who wrote it, knows.
  func announce(_ text: String, by author: ConfigurationAuthor) {
    state.withLock { state in
      if state.announced.count == Self.announcedMax { state.announced.removeFirst() }
      state.announced.append((text, author))
    }
  }

  /// A configuration is in force. `text` is the file's; what was not announced is `author`'s.
  func settle(_ configuration: Configuration, text: String?, else author: ConfigurationAuthor) {
    // A safe start passes the plugins over; nobody has changed them.
    guard !configuration.isSafe else { return }
    do {
      try state.withLock { try settle(configuration, text, author, &$0) }
    } catch {
      core.log.error(
        "changes of the configuration are not audited", metadata: ["reason": "\(error)"])
    }
  }

  private func settle(
    _ configuration: Configuration, _ text: String?, _ author: ConfigurationAuthor,
    _ state: inout State
  ) throws {
    for instance in core.runtime.instances { state.manifests[instance.name] = instance.manifest }
    let facts = ConfigurationFacts(
      configuration,
      enabled: Dictionary(
        core.plugins.plugins(of: configuration).map { ($0.name, $0.isEnabled) }
      ) { first, _ in first }, manifests: state.manifests, salt: try salt())
    let before = try state.facts ?? kept()
    state.facts = facts
    guard facts != before else { return }
    let author = take(text, &state.announced) ?? author
    if let before {
      let names = facts.changes(since: before)
      let lines = names.map { line($0, before, facts, author, state.manifests) }
      try core.store.audit(lines)
      // What happened while the server was down is not told.
      if author.way != .start { tell(names) }
    }
    try keep(facts)
  }

  /// Who announced the text, and those before whose text was written over before it was read.
  private func take(
    _ text: String?, _ announced: inout [(text: String, author: ConfigurationAuthor)]
  ) -> ConfigurationAuthor? {
    guard let place = announced.lastIndex(where: { $0.text == text }) else { return nil }
    defer { announced.removeFirst(place + 1) }
    var author = announced[place].author
    let others = Set(announced[..<place].map(\.author.name)).subtracting([author.name])
    if !others.isEmpty {
      author.name = ([author.name] + others.sorted()).joined(separator: ", ")
    }
    return author
  }

  // MARK: One line

  /// What a line says beside its columns.
  private struct Detail: Encodable {
    let way: ConfigurationAuthor.Way
    let by: String
    let what: String
    let before: String?
    let after: String?
  }

  private func line(
    _ name: String, _ before: ConfigurationFacts, _ after: ConfigurationFacts,
    _ author: ConfigurationAuthor, _ manifests: [String: Manifest]
  ) -> AuditLine {
    let words = name.split(separator: ".").map(String.init)
    let plugin = words[0] == "plugins" ? words[1] : ""
    func shown(_ facts: ConfigurationFacts) -> String? {
      if let fact = facts.facts[name] { return fact.shown }
      // An app without a value of its own has that of all apps.
      if words.count > 4, let general = facts.facts["plugins.\(plugin).\(words.last ?? "")"] {
        return general.shown
      }
      if words.count == 3, let standard = ConfigurationFacts.standard(words[2]) { return standard }
      let definition = manifests[plugin]?.settings.first { $0.name == words.last }
      return definition.map { ConfigurationFacts.shown($0.defaultText, $0) }
    }
    var app: UInt32 = 0
    if words.count > 4, words[2] == PluginKey.apps.rawValue {
      app = core.registry.snapshot.app(hexID: words[3])?.number ?? 0
    }
    let detail = Detail(
      way: author.way, by: author.name, what: name, before: shown(before), after: shown(after))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = (try? encoder.encode(detail)).map { String(decoding: $0, as: UTF8.self) }
    return AuditLine(
      atMs: now(), plugin: plugin, member: author.member, app: app, action: Self.action,
      detail: text ?? "{}")
  }

  // MARK: Lifecycle hooks

  /// Tells them whose settings changed, and which; what the host itself reads is none.
  private func tell(_ names: [String]) {
    var changed: [Owner: [String]] = [:]
    for name in names {
      let words = name.split(separator: ".").map(String.init)
      guard words[0] == "plugins", let setting = words.last else { continue }
      if words.count == 3, PluginKey(rawValue: words[2]) != nil { continue }
      let app = words.count > 4 ? words[3] : ""
      changed[Owner(plugin: words[1], app: app), default: []].append(setting)
    }
    for (owner, settings) in changed.sorted(by: { $0.key < $1.key }) {
      var event = LifecycleQueue.Event(.settingsChanged, atMs: now())
      event.name = owner.plugin
      event.appID = owner.app
      event.app = core.registry.snapshot.app(hexID: owner.app)?.number ?? 0
      let quoted = settings.sorted().map { "\"\($0)\"" }.joined(separator: ",")
      event.detail = "{\"changed\":[\(quoted)]}"
      core.runtime.happenings.post(event)
    }
  }

  /// Whose settings they are; an empty app stands for all.
  private struct Owner: Hashable, Comparable {
    let plugin: String
    let app: String

    static func < (one: Owner, other: Owner) -> Bool {
      (one.plugin, one.app) < (other.plugin, other.app)
    }
  }

  // MARK: What was in force before

  private func place(_ key: String) -> KeyValues.Place {
    KeyValues.Place(plugin: Self.owner, app: 0, key: key)
  }

  private func salt() throws -> String {
    let place = place(Self.saltKey)
    if let known = try core.services.keyValues.get(place, nowMs: now()) {
      return String(decoding: known.value, as: UTF8.self)
    }
    let made = (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
    _ = try core.services.keyValues.put(place, Array(made.utf8), expiresMs: 0, nowMs: now())
    return made
  }

  private func kept() throws -> ConfigurationFacts? {
    guard let found = try core.services.keyValues.get(place(Self.factsKey), nowMs: now()) else {
      return nil
    }
    return try JSONDecoder().decode(ConfigurationFacts.self, from: Data(found.value))
  }

  private func keep(_ facts: ConfigurationFacts) throws {
    _ = try core.services.keyValues.put(
      place(Self.factsKey), Array(try JSONEncoder().encode(facts)), expiresMs: 0, nowMs: now())
  }
}
