import Foundation
import PluginTestKit
import Testing

@testable import Host

struct PluginTemplateTests {
  /// A folder laid out as `make build` lays out an installation, without a program.
  private func kit(in folder: TestFolder) throws -> AuthorKit {
    let files = FileManager.default
    let home = folder.path + "/home"
    try files.createDirectory(atPath: home + "/include", withIntermediateDirectories: true)
    try files.createDirectory(atPath: home + "/share/tally", withIntermediateDirectories: true)
    try files.copyItem(
      atPath: CompiledFixture.root + "/Sources/PluginABI/include/tally_plugin.h",
      toPath: home + "/include/tally_plugin.h")
    try files.copyItem(
      atPath: CompiledFixture.root + "/Examples", toPath: home + "/share/tally/examples")
    return try AuthorKit(folder: home)
  }

  @Test("A new plugin in C builds, and its scripts pass, outside of this repository")
  func worksAtOnce() throws {
    let folder = try TestFolder()
    let made = try PluginTemplate(.c, kit: kit(in: folder)).make("tea-time", in: folder.path)
    #expect(try CompiledFixture.make(in: made, "all"))
    let library = made + "/build/libtea-time.so"
    for name in ["counts", "settings"] {
      let script = try PluginScript(path: "\(made)/tests/\(name).txt")
      for manner in PluginScript.Manner.allCases {
        #expect(try script.run(library: library, manner) == [])
      }
    }
  }

  @Test(
    "No file of a new plugin knows the example's name", arguments: PluginTemplate.Language.allCases)
  func renamed(language: PluginTemplate.Language) throws {
    let folder = try TestFolder()
    let made = try PluginTemplate(language, kit: kit(in: folder)).make("tea-time", in: folder.path)
    let paths = try #require(FileManager.default.enumerator(atPath: made)).compactMap {
      $0 as? String
    }
    #expect(paths.contains("Makefile") && paths.contains("README.md"))
    let old =
      ["site-search", "site_search", "SiteSearch", "app-revenue", "app_revenue", "AppRevenue"]
      + ["slow-actions", "slow_actions", "SlowActions", "../../dist"]
    for path in paths {
      let text = (try? String(contentsOfFile: "\(made)/\(path)", encoding: .utf8)) ?? ""
      #expect(old.filter { text.contains($0) || path.contains($0) } == [], "\(path)")
    }
    let makefile = try String(contentsOfFile: made + "/Makefile", encoding: .utf8)
    #expect(makefile.contains("NAME := tea-time\nTALLY_HOME ?= \(folder.path)/home\n"))
  }

  @Test(
    "Names that no plugin can have are refused",
    arguments: ["Tea", "-tea", "tea-", "tea--time", "tea_time", "9tea", "", "../tea", "users"])
  func names(name: String) throws {
    let folder = try TestFolder()
    let template = try PluginTemplate(.c, kit: kit(in: folder))
    #expect(throws: CommandError.self) { try template.make(name, in: folder.path) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["home"])
  }

  @Test("What is there is not written over, and a folder without a kit says what is missing")
  func refusals() throws {
    let folder = try TestFolder()
    let template = try PluginTemplate(.c, kit: kit(in: folder))
    _ = try template.make("tea", in: folder.path)
    #expect(throws: CommandError.self) { try template.make("tea", in: folder.path) }
    let error = #expect(throws: CommandError.self) { try AuthorKit(folder: folder.path) }
    #expect(error?.description.contains("include/tally_plugin.h is missing") == true)
  }

  @Test("dev hands a library over only when it changed and the build is good")
  func development() throws {
    let folder = try TestFolder()
    let made = try PluginTemplate(.c, kit: kit(in: folder)).make("tea-time", in: folder.path)
    let plugins = folder.path + "/plugins"
    let session = try PluginDevelopment(folder: made, into: plugins, withTests: false)
    let place = plugins + "/tea-time/libtea-time.so"
    #expect(try session.build())
    let first = try #require(FileManager.default.contents(atPath: place))
    let source = made + "/tea_time.c"
    let text = try String(contentsOfFile: source, encoding: .utf8)
    try "no C\n".write(toFile: source, atomically: true, encoding: .utf8)
    #expect(try !session.build())
    #expect(FileManager.default.contents(atPath: place) == first)
    try text.replacing("\"1.0.0\"", with: "\"1.0.1\"")
      .write(toFile: source, atomically: true, encoding: .utf8)
    #expect(try session.build())
    #expect(FileManager.default.contents(atPath: place) != first)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: plugins + "/tea-time")
        == ["libtea-time.so"])
  }
}
