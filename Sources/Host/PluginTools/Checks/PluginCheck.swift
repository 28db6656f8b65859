import Foundation
import PluginRuntime
import PluginTestKit

/// One thing that `tally plugin check` looks at.
struct PluginCheck: Sendable {
  /// What is said about the plugin.
  enum Finding: Equatable, Sendable {
    /// Worth knowing.
    case note(String)
    /// It works, and would better be otherwise.
    case warning(String)
    /// A server should not load it.
    case failure(String)
  }

  /// The plugin that is looked at.
  struct Subject: Sendable {
    let path: String
    /// As the file is named.
    let name: String
    let seed: UInt64
    /// Written over before each step, so that a death can be told apart.
    var tracePath: String?

    var plugin: TestPlugin { TestPlugin(library: path) }

    /// Says what comes next.
    func trace(_ step: String) {
      guard let tracePath else { return }
      try? Data(step.utf8).write(to: URL(filePath: tracePath))
    }
  }

  /// Stable; scripts and reports name it.
  let id: String
  let title: String
  /// Runs code of the plugin: in a process of its own.
  let isDynamic: Bool
  let run: @Sendable (Subject) throws -> [Finding]

  /// Everything, in order.
  static let all: [PluginCheck] =
    staticChecks + loadingChecks + lifecycleChecks + batchChecks + questionChecks

  init(
    _ id: String, _ title: String, isDynamic: Bool = true,
    _ run: @escaping @Sendable (Subject) throws -> [Finding]
  ) {
    self.id = id
    self.title = title
    self.isDynamic = isDynamic
    self.run = run
  }
}

/// How one check ended.
struct CheckResult: Codable, Equatable {
  enum Outcome: String, Codable {
    case passed, warned, failed, skipped
  }

  let id: String
  let title: String
  let outcome: Outcome
  let notes: [String]
  let problems: [String]
  var milliseconds: Int

  init(_ check: PluginCheck, _ findings: [PluginCheck.Finding], milliseconds: Int) {
    id = check.id
    title = check.title
    self.milliseconds = milliseconds
    var (notes, problems): ([String], [String]) = ([], [])
    var outcome = Outcome.passed
    for finding in findings {
      switch finding {
      case .note(let text): notes.append(text)
      case .warning(let text):
        problems.append(text)
        if outcome == .passed { outcome = .warned }
      case .failure(let text):
        problems.append(text)
        outcome = .failed
      }
    }
    (self.notes, self.problems, self.outcome) = (notes, problems, outcome)
  }

  init(skipping check: PluginCheck) {
    id = check.id
    title = check.title
    (outcome, notes, problems, milliseconds) = (.skipped, ["the plugin does not load"], [], 0)
  }

  var description: String {
    let words: [Outcome: String] = [
      .passed: "good", .warned: "warning", .failed: "FAILED", .skipped: "skipped",
    ]
    let word = words[outcome] ?? ""
    let head = word + String(repeating: " ", count: 9 - word.count) + id
    let space = String(repeating: " ", count: max(22 - id.count, 1))
    return ([head + space + title] + (notes + problems).map { "           " + $0 })
      .joined(separator: "\n")
  }
}
