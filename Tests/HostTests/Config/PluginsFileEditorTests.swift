import Testing

@testable import Host

@Suite struct PluginsFileEditorTests {
  private func edit(
    _ text: String, _ plugin: String, _ enabled: Bool, staged: [String] = []
  ) throws -> String {
    var editor = PluginsFileEditor(text: text, staged: staged)
    try editor.turn(plugin, on: enabled)
    return editor.result
  }

  @Test("The word is replaced where it stands; comments and everything else stay")
  func replaces() throws {
    let text = """
      # ours
      plugins:
        views: { enabled: true, view_limit: 5 }  # big
        crashes:
          enabled: false   # later
          depth: 3

      """
    #expect(
      try edit(text, "views", false) == text.replacing("enabled: true", with: "enabled: false"))
    #expect(
      try edit(text, "crashes", true) == text.replacing("enabled: false", with: "enabled: true"))
    #expect(try edit(text, "views", true) == text)
  }

  @Test("Letters of several code points before the word do not move it")
  func combining() throws {
    let label = "cafe\u{301} \u{1F1F9}\u{1F1F7}"
    let text = "plugins:\n  views: { label: \"\(label)\", enabled: true } # on\n"
    #expect(
      try edit(text, "views", false) == text.replacing("enabled: true", with: "enabled: false"))
  }

  @Test("A plugin that does not say gets the word, however it is written")
  func inserts() throws {
    #expect(
      try edit("plugins:\n  views: { a: 1 }\n", "views", false)
        == "plugins:\n  views: { enabled: false, a: 1 }\n")
    #expect(
      try edit("plugins:\n  views:\n    a: 1 # one\n", "views", false)
        == "plugins:\n  views:\n    enabled: false\n    a: 1 # one\n")
    #expect(
      try edit("plugins:\n  views: # here\n  x: {}\n", "views", false)
        == "plugins:\n  views: { enabled: false } # here\n  x: {}\n")
    #expect(try edit("plugins: { x: {} }\n", "x", false) == "plugins: { x: { enabled: false } }\n")
  }

  @Test("A plugin that is not named comes last")
  func appends() throws {
    #expect(
      try edit("plugins:\n  views:\n    a: 1\n# end\n", "crashes", true)
        == "plugins:\n  views:\n    a: 1\n  crashes: { enabled: true }\n# end\n")
    #expect(try edit("plugins: {}\n", "x", true) == "plugins: { x: { enabled: true } }\n")
    #expect(try edit("plugins:\n", "x", true) == "plugins:\n  x: { enabled: true }\n")
  }

  @Test("Without the group every staged plugin is on, and stays on")
  func makesGroup() throws {
    let host = "host: { durability: os }\n"
    #expect(try edit(host, "views", true, staged: ["views"]) == host)
    #expect(
      try edit(host, "views", false, staged: ["crashes", "views"])
        == host + "plugins:\n  crashes: { enabled: true }\n  views: { enabled: false }\n")
    #expect(try edit("", "x", true) == "plugins:\n  x: { enabled: true }\n")
  }

  @Test("A file with a mistake is refused as the server would")
  func mistake() {
    #expect(throws: ConfigurationError.self) { try edit("plugins:\n  x: [\n", "x", true) }
  }
}
