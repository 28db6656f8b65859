import ArgumentParser
import Foundation
import PluginTestKit

/// `tally plugin test`
struct PluginTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Run scripts of requests and expected answers against a plugin.",
    discussion: """
      Each script is run three times on a store of its own: as one batch, request by request, and \
      with a restart before every question. The answers must be the same. See docs/plugins/testing.md.
      """)

  @Argument(help: ArgumentHelp("The library.", valueName: "lib<name>.so"))
  var library: String

  @Argument(help: "Scripts, or folders of them (*.txt).")
  var scripts: [String]

  @Flag(help: "Write the answers that are given into the scripts; look at the difference.")
  var record = false

  @Flag(help: .hidden)
  var here = false

  func run() throws {
    guard here || record else { return try runApart() }
    var complaints: [String] = []
    for path in try paths() {
      let script = try PluginScript(path: path)
      if record {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let recorded = try script.recorded(library: library, text: text)
        try recorded.write(toFile: path, atomically: true, encoding: .utf8)
        Console.write("recorded \(path)")
      } else {
        let found = try PluginScript.Manner.allCases.flatMap {
          try script.run(library: library, $0)
        }
        Console.write(found.isEmpty ? "good   \(path)" : "FAILED \(path)")
        complaints += found
      }
    }
    for complaint in complaints { Console.write("       " + complaint) }
    if !complaints.isEmpty { throw ExitCode.failure }
  }

  /// In a process of its own, so that a plugin that dies is a failed test and no more.
  private func runApart() throws {
    let folder = try TestFolder()
    let child = try ChildProcess(
      ["plugin", "test", "--here", library] + scripts, folder: folder.path,
      timeoutSeconds: CheckRun.timeoutSeconds)
    Console.write(child.output.trimmingCharacters(in: .newlines))
    if child.end == .exit(0) { return }
    if case .exit = child.end { throw ExitCode.failure }
    Console.write("FAILED the process \(child.end.description)")
    throw ExitCode.failure
  }

  private func paths() throws -> [String] {
    let files = FileManager.default
    let found = scripts.flatMap { path -> [String] in
      var isFolder: ObjCBool = false
      guard files.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
        return [path]
      }
      let names = (try? files.contentsOfDirectory(atPath: path)) ?? []
      return names.filter { $0.hasSuffix(".txt") }.sorted().map { "\(path)/\($0)" }
    }
    guard !found.isEmpty else {
      throw CommandError(
        .invalidArgument, "no script (*.txt) in \(scripts.joined(separator: ", ")); write one")
    }
    return found
  }
}
