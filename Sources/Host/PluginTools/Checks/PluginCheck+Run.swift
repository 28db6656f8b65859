import Foundation
import PluginTestKit

/// Runs checks, each dynamic one in a process of its own.
struct CheckRun {
  /// A check that takes longer hangs.
  static let timeoutSeconds = 45.0

  let subject: PluginCheck.Subject
  /// Ids that begin like one of these; empty for all.
  let only: [String]

  /// The results in order; `report` is told of each as it comes.
  func results(_ report: (CheckResult) -> Void) throws -> [CheckResult] {
    var results: [CheckResult] = []
    var loads = true
    for check in PluginCheck.all where isWanted(check) {
      let result =
        check.needsLibrary && !loads
        ? CheckResult(skipping: check)
        : check.isDynamic ? try runApart(check) : Self.runHere(check, subject)
      if check.id == PluginCheck.loadID || check.id == PluginCheck.fileID,
        result.outcome == .failed
      {
        loads = false
      }
      report(result)
      results.append(result)
    }
    return results
  }

  private func isWanted(_ check: PluginCheck) -> Bool {
    only.isEmpty || only.contains { check.id.hasPrefix($0) }
  }

  static func runHere(_ check: PluginCheck, _ subject: PluginCheck.Subject) -> CheckResult {
    let start = ContinuousClock.now
    let findings: [PluginCheck.Finding]
    do { findings = try check.run(subject) } catch { findings = [.failure("\(error)")] }
    return CheckResult(check, findings, milliseconds: (ContinuousClock.now - start).milliseconds)
  }

  private func runApart(_ check: PluginCheck) throws -> CheckResult {
    let folder = try TestFolder()
    let (report, trace) = (folder.path + "/report", folder.path + "/trace")
    let start = ContinuousClock.now
    let child = try ChildProcess(
      [
        "plugin", "check", subject.path, "--only", check.id, "--seed", "\(subject.seed)",
        "--child-report", report, "--child-trace", trace,
      ], folder: folder.path, timeoutSeconds: Self.timeoutSeconds)
    let milliseconds = (ContinuousClock.now - start).milliseconds
    if child.end == .exit(0), let data = FileManager.default.contents(atPath: report),
      var result = try? JSONDecoder().decode(CheckResult.self, from: data)
    {
      result.milliseconds = milliseconds
      return result
    }
    let doing = FileManager.default.contents(atPath: trace)
      .map { "; it was doing this: " + String(decoding: $0, as: UTF8.self) }
    var findings: [PluginCheck.Finding] = [
      .failure("the process \(child.end.description)\(doing ?? "")")
    ]
    let said = child.output.split(separator: "\n").suffix(5).map(String.init)
    if !said.isEmpty { findings.append(.note("it printed: " + said.joined(separator: " | "))) }
    return CheckResult(check, findings, milliseconds: milliseconds)
  }
}

extension Duration {
  /// Whole milliseconds.
  var milliseconds: Int {
    Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
