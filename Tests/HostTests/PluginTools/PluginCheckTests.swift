import Foundation
import PluginRuntime
import PluginTestKit
import Testing

@testable import Host

/// Single checks, in this process: what they find in plugins that are wrong in one way.
struct PluginCheckTests {
  private func result(_ id: String, _ library: String) throws -> CheckResult {
    let check = try #require(PluginCheck.all.first { $0.id == id })
    let subject = PluginCheck.Subject(
      path: library, name: TestPlugin.name(ofLibrary: library), seed: 7)
    return CheckRun.runHere(check, subject)
  }

  @Test("Ids are told apart, and every one is in the guide")
  func ids() throws {
    let ids = PluginCheck.all.map(\.id)
    #expect(Set(ids).count == ids.count)
    let guide = try String(
      contentsOfFile: CompiledFixture.root + "/docs/plugins/testing.md", encoding: .utf8)
    #expect(ids.filter { !guide.contains("`\($0)`") } == [])
  }

  @Test("A plugin without a fault passes what runs in one process")
  func good() throws {
    let folder = try TestFolder()
    let library = try CompiledFixture.library("taps", in: folder)
    let ids = [
      "elf.file", "elf.exports", "elf.calls", "elf.memory", "load.entry", "load.constant",
      "load.descriptor", "life.two", "batch.bounds", "repeat.cut", "question.odd",
    ]
    for id in ids {
      let result = try result(id, library)
      #expect(result.outcome == .passed, "\(id): \(result.problems)")
    }
  }

  @Test("The plugins of this repository export their entry and nothing else")
  func own() throws {
    let built = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().path
    for name in try FileManager.default.contentsOfDirectory(
      atPath: CompiledFixture.root + "/Plugins")
    {
      let exports = try ELFFile(path: "\(built)/lib\(name).so").exports.map(\.name)
      #expect(exports == [LoadedPlugin.entrySymbol(for: name)])
    }
  }

  @Test("Exports beside the entry, an executable stack and a missing entry are found in the file")
  func file() throws {
    let folder = try TestFolder()
    let open = try CompiledFixture.library(
      "taps", in: folder, flags: ["-fvisibility=default", "-z", "execstack", "-Dprocess=loose"])
    let memory = try result("elf.memory", open)
    #expect(memory.outcome == .failed)
    #expect(memory.problems.first?.contains("executable stack") == true)
    let beside = folder.path + "/beside.c"
    try Data("int loose(void);\nint loose(void) { return 1; }\n".utf8).write(
      to: URL(filePath: beside))
    let two = try result(
      "elf.exports",
      CompiledFixture.library("taps", in: folder, flags: [beside, "-fvisibility=default"]))
    #expect(two.outcome == .warned)
    #expect(
      two.problems == [
        "exports 1 more names (loose ...) that another library may bind to; build with "
          + "-fvisibility=hidden or a version script"
      ])
    let missing = try result("elf.exports", try CompiledFixture.library("no-entry", in: folder))
    #expect(missing.outcome == .failed)
    #expect(missing.problems.first?.hasPrefix("TALLY-102: does not export") == true)
    let text = folder.path + "/libtext.so"
    try Data("no library".utf8).write(to: URL(filePath: text))
    #expect(try result("elf.file", text).problems.first?.contains("TALLY-101") == true)
  }

  @Test("A plugin that remembers across batches is told from one that does not")
  func memory() throws {
    let folder = try TestFolder()
    let library = try CompiledFixture.library("remembers", in: folder)
    #expect(try result("repeat.same", library).outcome == .passed)
    #expect(try result("repeat.restart", library).outcome == .failed)
    #expect(try result("repeat.cut", library).outcome == .failed)
  }

  @Test("Threads and files that stay behind are counted")
  func leaks() throws {
    let folder = try TestFolder()
    let library = try CompiledFixture.library("leaks", in: folder, flags: ["-pthread"])
    let result = try result("life.cycle", library)
    #expect(result.outcome == .failed)
    // Other tests of this process come and go meanwhile.
    for what in ["threads more", "open files more"] {
      let problem = result.problems.first { $0.contains(what) } ?? ""
      let number = Int(problem.prefix { $0.isNumber }) ?? 0
      #expect((60...140).contains(number), "\(result.problems)")
    }
  }

  @Test("An answer that is no JSON is found")
  func answers() throws {
    let folder = try TestFolder()
    let result = try result("question.empty", try CompiledFixture.library("mumbles", in: folder))
    #expect(result.outcome == .failed)
    #expect(result.problems.first?.contains("the answer is no JSON: {\"half\":") == true)
  }

  @Test("A damaged library is refused and never read beyond its end")
  func damaged() throws {
    let folder = try TestFolder()
    let whole = try Data(
      contentsOf: URL(filePath: try CompiledFixture.library("taps", in: folder)))
    let path = folder.path + "/libcut.so"
    for step in stride(from: 64, to: whole.count, by: 97) {
      try whole.prefix(step).write(to: URL(filePath: path))
      _ = try? ELFFile(path: path)
    }
    var generator = Seeded(seed: 3)
    for _ in 0..<300 {
      var bytes = whole
      for _ in 0..<8 {
        bytes[Int.random(in: 16..<bytes.count, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      try bytes.write(to: URL(filePath: path))
      _ = try? ELFFile(path: path)
    }
    #expect(
      try ELFFile(path: folder.path + "/libtaps.so").exports.map(\.name) == ["tally_plugin_taps"])
  }
}
