import Foundation
import Harness
import Testing

extension EndToEnd {
  /// `tally plugin test` and `check` as an author runs them: what a plugin does to its process is a
  /// finding.
  @Suite final class PluginCommandTests {
    private let folder: String

    init() throws {
      folder = try Files.temporaryFolder()
    }

    deinit { Files.remove(folder) }

    private struct Report: Decodable {
      struct Check: Decodable {
        let id: String
        let outcome: String
        let problems: [String]
      }

      let failed: Int
      let checks: [Check]
    }

    private func run(_ arguments: [String]) throws -> (code: Int32?, text: String) {
      let (status, text) = try Subprocess.run(arguments, seconds: 120)
      guard case .code(let code) = status else { return (nil, text) }
      return (code, text)
    }

    private func library(_ fixture: String) throws -> String {
      try Fixture.compile(fixture, in: folder)
    }

    private func check(_ library: String, _ only: [String]) throws -> (code: Int32?, Report) {
      let arguments = only.flatMap { ["--only", $0] }
      let (code, text) = try run(
        [TallyServer.binary, "plugin", "check", library, "--json"] + arguments)
      return (code, try JSONDecoder().decode(Report.self, from: Data(text.utf8)))
    }

    @Test("A plugin that traps is named with what it was doing, and the other checks go on")
    func traps() throws {
      let (code, report) = try check(
        library("traps"), ["elf.file", "batch.hostile", "life.two"])
      #expect(code == 1)
      #expect(report.failed == 1)
      #expect(report.checks.map(\.id) == ["elf.file", "life.two", "batch.hostile"])
      #expect(report.checks.map(\.outcome) == ["passed", "passed", "failed"])
      let problem = try #require(report.checks.last?.problems.first)
      #expect(problem.contains("died of signal"))
      #expect(problem.hasSuffix("it was doing this: parameter trap_me=null"))
    }

    @Test("A plugin that does not load is not looked at further")
    func doesNotLoad() throws {
      let (code, report) = try check(library("other-abi"), ["load.entry", "life"])
      #expect(code == 1)
      #expect(report.checks.first?.problems.first?.hasPrefix("TALLY-110") == true)
      #expect(report.checks.dropFirst().allSatisfy { $0.outcome == "skipped" })
      #expect(report.checks.count == 6)
    }

    @Test("What is no library fails once, and the rest is one line")
    func noLibrary() throws {
      let path = folder + "/libtext.so"
      try Files.write("no library\n", to: path)
      let (code, text) = try run([TallyServer.binary, "plugin", "check", path])
      #expect(code == 1)
      let lines = text.split(separator: "\n")
      #expect(lines.filter { $0.hasPrefix("FAILED") }.count == 1, "\(text)")
      #expect(
        lines.filter { $0.hasPrefix("skipped") && $0.contains("does not load") }.count == 1,
        "\(text)")
      #expect(text.contains("TALLY-101: \(path) is not an ELF file"))
    }

    @Test("A good plugin ends with status 0")
    func good() throws {
      let (code, report) = try check(library("taps"), ["elf", "load", "life", "repeat.cut"])
      #expect(code == 0)
      #expect(report.checks.filter { $0.outcome != "passed" }.map(\.problems) == [])
    }

    @Test("A script that kills its plugin has failed")
    func script() throws {
      let script = folder + "/kill.txt"
      try Files.write("GET /i?device_id=a&trap_me=1\n", to: script)
      let (code, text) = try run(
        [TallyServer.binary, "plugin", "test", try library("traps"), script])
      #expect(code == 1)
      #expect(text.contains("FAILED the process died of signal"))
      try Files.write("GET /i?device_id=a&other=1\n", to: script)
      let (good, words) = try run(
        [TallyServer.binary, "plugin", "test", try library("traps"), script])
      #expect(good == 0, "\(words)")
      #expect(words.hasPrefix("good   "))
    }
  }
}
