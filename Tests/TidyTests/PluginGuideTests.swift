import Testing

@Suite struct PluginGuideTests {
  @Test("The guide has a remedy for every code with which a plugin is refused")
  func codes() throws {
    let source = try Repository.text("Sources/PluginRuntime/PluginError.swift")
    let codes = source.matches(of: /"(TALLY-\d+)"/).map { String($0.1) }
    #expect(codes.count >= 12)
    let guide = try Repository.text("docs/plugins/errors.md")
    #expect(codes.filter { !guide.contains("| \($0) | ") } == [])
  }

  @Test("Every example is complete, and `tally plugin new` can rename it")
  func examples() throws {
    let names = ["c": "site-search", "swift": "app-revenue", "rust": "slow-actions"]
    for (folder, name) in names {
      let makefile = try Repository.text("Examples/\(folder)/Makefile")
      #expect(makefile.contains("\nNAME := \(name)\nTALLY_HOME ?= ../../dist\n"), "\(folder)")
      for part in ["README.md", "tests/counts.txt"] {
        #expect(Repository.exists("Examples/\(folder)/\(part)"), "Examples/\(folder)/\(part)")
      }
    }
  }

  @Test("The page on testing names every line a script may have")
  func script() throws {
    let guide = try Repository.text("docs/plugins/testing.md")
    for word in ["setting", "timezone", "at", "after", "restart", "GET", "POST"] {
      #expect(guide.contains("| `\(word)"), "\(word)")
    }
  }
}
