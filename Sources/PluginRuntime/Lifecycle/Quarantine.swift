import Foundation

/// The plugins that did too much harm, remembered over restarts: each is kept out, or in a process of
/// its own, until other code lies in its place or the operator asks for it again.
struct Quarantine {
  private struct Entry: Codable, Equatable {
    /// The hash of the code that did it, as the lifecycle knows it.
    let code: String
    let reason: String
  }

  /// Behind the names of those that are kept in a process of their own.
  private static let moved = " moved"

  private let path: String?
  private var entries: [String: Entry] = [:]

  /// Without a path nothing outlives the process.
  init(path: String?) {
    self.path = path
    guard let data = path.flatMap({ FileManager.default.contents(atPath: $0) }) else { return }
    entries = (try? JSONDecoder().decode([String: Entry].self, from: data)) ?? [:]
  }

  /// Why this code of a plugin is kept out; nil when it is not.
  func reason(_ plugin: String, code: String) -> String? {
    entries[plugin].flatMap { $0.code == code ? $0.reason : nil }
  }

  /// Why this code of a plugin runs in a process of its own; nil when nothing says so.
  func moved(_ plugin: String, code: String) -> String? { reason(plugin + Self.moved, code: code) }

  mutating func move(_ plugin: String, code: String, reason: String) throws {
    try add(plugin + Self.moved, code: code, reason: reason)
  }

  mutating func add(_ plugin: String, code: String, reason: String) throws {
    entries[plugin] = Entry(code: code, reason: reason)
    try save()
  }

  /// Gives plugins another chance.
  mutating func forget(where isForgiven: (String) -> Bool) throws {
    let left = entries.filter { !isForgiven($0.key.replacing(Self.moved, with: "")) }
    guard left != entries else { return }
    entries = left
    try save()
  }

  private func save() throws {
    guard let path else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(entries).write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}
