import Store
import Synchronization

/// An app as questions and the pipeline see it.
struct RegisteredApp: Sendable {
  let number: UInt32
  let hexID: String
  /// The key users' ids are made with.
  let idKey: String
  /// Whether management knows anything of its events.
  let hasEventRegistry: Bool
  /// What is left out of its events; nil when nothing is.
  let eventRules: EventRules?
  let calendar: LocalCalendar
  /// Its two letters, the first in the lowest byte; 0 when it has none.
  let country: UInt32
  /// Whether a request that comes again is counted once.
  let dropsRepeats: Bool
  /// Whether texts are counted without the blanks at their ends.
  let trimsTexts: Bool
}

/// All apps at one moment.
struct RegisteredApps: Sendable {
  /// Grows with every change, so that a holder can tell whether its copy is the newest.
  let version: Int
  let byNumber: [UInt32: RegisteredApp]
  /// Of the apps that leave anything out.
  let eventRules: [UInt32: EventRules]
  /// Those whose texts are trimmed.
  let trimmed: Set<UInt32>
  private let byHexID: [String: UInt32]

  init(version: Int, apps: [RegisteredApp]) {
    self.version = version
    byNumber = Dictionary(apps.map { ($0.number, $0) }) { first, _ in first }
    eventRules = byNumber.compactMapValues(\.eventRules)
    trimmed = Set(apps.filter(\.trimsTexts).map(\.number))
    byHexID = Dictionary(apps.map { ($0.hexID, $0.number) }) { first, _ in first }
  }

  var hexIDs: [UInt32: String] { byNumber.mapValues(\.hexID) }

  func app(hexID: String) -> RegisteredApp? {
    byHexID[hexID].flatMap { byNumber[$0] }
  }
}

/// The apps in force. Management replaces the whole snapshot; readers take it at their own bounds.
final class AppRegistry: Sendable {
  private let current: Mutex<RegisteredApps>
  private let newest: Atomic<Int>

  private let spaces: ConfigurationSpaces

  init(_ apps: [App], _ spaces: ConfigurationSpaces) throws(StoreError) {
    self.spaces = spaces
    current = Mutex(RegisteredApps(version: 1, apps: try Self.register(apps, spaces)))
    newest = Atomic(1)
  }

  var snapshot: RegisteredApps { current.withLock { $0 } }

  /// Whether a snapshot is still the newest; cheap enough for every batch.
  func isCurrent(_ snapshot: RegisteredApps) -> Bool {
    newest.load(ordering: .acquiring) == snapshot.version
  }

  func replace(with apps: [App]) throws(StoreError) {
    let registered = try Self.register(apps, spaces)
    let version = current.withLock { current in
      current = RegisteredApps(version: current.version + 1, apps: registered)
      return current.version
    }
    newest.store(version, ordering: .releasing)
  }

  private static func register(
    _ apps: [App], _ spaces: ConfigurationSpaces
  ) throws(StoreError) -> [RegisteredApp] {
    var registered: [RegisteredApp] = []
    for app in apps {
      let calendar = try LocalCalendar(identifier: app.timezone)
      registered.append(
        RegisteredApp(
          number: app.number, hexID: app.hex, idKey: app.idKey,
          hasEventRegistry: !app.events.isEmpty,
          eventRules: app.events.isEmpty ? nil : EventRegistry(app.events).rules,
          calendar: calendar,
          country: app.country.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) },
          dropsRepeats: spaces.flag(.repeats, of: app), trimsTexts: spaces.flag(.trim, of: app)))
    }
    return registered
  }
}
