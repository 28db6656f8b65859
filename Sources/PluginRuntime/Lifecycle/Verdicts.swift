import Foundation

/// Code that was rolled back, and what runs in its place, kept in a file: a restart does not load it
/// again before its file has changed or an operator insists.
struct Verdicts: Codable, Equatable, Sendable {
  /// One plugin's.
  struct Verdict: Codable, Equatable, Sendable {
    /// The code that did harm, as the lifecycle names it.
    let bad: String
    /// The code before it.
    let good: String
    let reason: String
  }

  private var byPlugin: [String: Verdict] = [:]

  init() {}

  /// Reads the file; one that is missing or damaged accuses nobody.
  init(path: String) {
    let data = FileManager.default.contents(atPath: path) ?? Data()
    byPlugin = (try? JSONDecoder().decode([String: Verdict].self, from: data)) ?? [:]
  }

  subscript(plugin: String) -> Verdict? {
    get { byPlugin[plugin] }
    set { byPlugin[plugin] = newValue }
  }

  /// Code that must not be lost.
  var kept: [(plugin: String, code: String)] { byPlugin.map { ($0.key, $0.value.good) } }

  func save(path: String) throws {
    let data = try JSONEncoder().encode(byPlugin)
    try data.write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}

extension Lifecycle {
  /// Remembers that the code that runs does harm, when there is code to go back to.
  func convict(_ name: String, reason: String) {
    let codes = state.withLock { ($0.machine.code(of: name), $0.machine.codeBefore(of: name)) }
    guard let bad = codes.0, let good = codes.1 else { return }
    update { $0[name] = Verdicts.Verdict(bad: bad, good: good, reason: reason) }
  }

  /// The operator wants to try everything once more.
  func acquit() {
    guard state.withLock({ $0.verdicts != Verdicts() }) else { return }
    update { $0 = Verdicts() }
  }

  /// The verdict over this code; one over other code is over, because the file has changed.
  func verdict(_ name: String, over code: String) -> Verdicts.Verdict? {
    guard let verdict = state.withLock({ $0.verdicts[name] }) else { return nil }
    if verdict.bad == code { return verdict }
    update { $0[name] = nil }
    return nil
  }

  private func update(_ body: (inout Verdicts) -> Void) {
    let verdicts = state.withLock { state in
      body(&state.verdicts)
      return state.verdicts
    }
    guard let verdictsPath else { return }
    for (plugin, code) in verdicts.kept { cache.keep(name: plugin, sha256: Self.sha256(of: code)) }
    do { try verdicts.save(path: verdictsPath) } catch {
      log.warning("verdicts over code cannot be kept", metadata: ["error": "\(error)"])
    }
  }
}
