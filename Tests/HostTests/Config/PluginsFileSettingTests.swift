import Testing

@testable import Host

@Suite struct PluginsFileSettingTests {
  private struct Change: Sendable {
    var setting = "views_max"
    var plugin = "views"
    var app: String?
    var value: String? = "7"
  }

  private func edited(_ text: String, _ change: Change, staged: [String] = []) throws -> String {
    var editor = PluginsFileEditor(text: text, staged: staged)
    try editor.set(change.setting, of: change.plugin, app: change.app, to: change.value)
    return editor.result
  }

  private static let app = "0123456789abcdef01234567"

  private static let cases: [(what: String, before: String, change: Change, after: String)] = [
    (
      "a value that stands there", "plugins:\n  views: { views_max: 5, a: 1 } # x\n", Change(),
      "plugins:\n  views: { views_max: 7, a: 1 } # x\n"
    ),
    (
      "a group in braces", "# top\nplugins:\n  views: { enabled: true } # x\n  crashes: {}\n",
      Change(), "# top\nplugins:\n  views: { enabled: true, views_max: 7 } # x\n  crashes: {}\n"
    ),
    (
      "empty braces", "plugins: { views: {} }\n", Change(), "plugins: { views: { views_max: 7 } }\n"
    ),
    (
      "nothing behind the plugin", "plugins:\n  views:\n  crashes:\n", Change(),
      "plugins:\n  views: { views_max: 7 }\n  crashes:\n"
    ),
    (
      "lines", "plugins:\n  views:\n    enabled: true # on\n\n  # next\n  crashes: {}\n", Change(),
      "plugins:\n  views:\n    enabled: true # on\n    views_max: 7\n\n  # next\n  crashes: {}\n"
    ),
    (
      "lines at the end without a newline", "plugins:\n  views:\n    enabled: true", Change(),
      "plugins:\n  views:\n    enabled: true\n    views_max: 7\n"
    ),
    (
      "a plugin that is not named", "plugins:\n  crashes: {}\nhost: {}\n", Change(),
      "plugins:\n  crashes: {}\n  views: { views_max: 7 }\nhost: {}\n"
    ),
    (
      "an app", "plugins:\n  views: { enabled: true }\n", Change(app: app),
      "plugins:\n  views: { enabled: true, apps: { \(app): { views_max: 7 } } }\n"
    ),
    (
      "another setting of an app", "plugins:\n  views:\n    apps:\n      \(app):\n        a: 1\n",
      Change(app: app),
      "plugins:\n  views:\n    apps:\n      \(app):\n        a: 1\n        views_max: 7\n"
    ),
    (
      "a text that must be quoted", "plugins:\n  views: {}\n",
      Change(value: "a: \"b\" # é\n\\"),
      "plugins:\n  views: { views_max: \"a: \\\"b\\\" # é\\n\\\\\" }\n"
    ),
    (
      "a quoted text that is replaced", "plugins:\n  views: { views_max: \"é } , x\", b: 2 }\n",
      Change(), "plugins:\n  views: { views_max: 7, b: 2 }\n"
    ),
    (
      "taking out of lines", "plugins:\n  views:\n    a: 1\n    views_max: 5 # gone\n    b: 2\n",
      Change(value: nil), "plugins:\n  views:\n    a: 1\n    b: 2\n"
    ),
    (
      "taking out of braces, at the beginning", "plugins: { views: { views_max: 5, b: 2 } }\n",
      Change(value: nil), "plugins: { views: { b: 2 } }\n"
    ),
    (
      "taking out of braces, at the end", "plugins: { views: { a: 1, views_max: 5 } }\n",
      Change(value: nil), "plugins: { views: { a: 1 } }\n"
    ),
    (
      "taking out of braces, all there is", "plugins: { views: { views_max: 5 } }\n",
      Change(value: nil), "plugins: { views: {} }\n"
    ),
    (
      "taking out what is not there", "plugins:\n  views: { a: 1 }\n", Change(value: nil),
      "plugins:\n  views: { a: 1 }\n"
    ),
    (
      "comments between lines",
      "# é\nplugins: # all\n  # first\n  views: # on\n    # how many\n    views_max: 5 # five\n",
      Change(),
      "# é\nplugins: # all\n  # first\n  views: # on\n    # how many\n    views_max: 7 # five\n"
    ),
  ]

  @Test("Only what is changed changes", arguments: cases.indices)
  func changes(_ index: Int) throws {
    let one = Self.cases[index]
    #expect(try edited(one.before, one.change) == one.after, "\(one.what)")
  }

  @Test("Without a group every staged plugin is named, so that all stay on")
  func noGroup() throws {
    #expect(
      try edited("host: {}", Change(), staged: ["crashes", "views"])
        == "host: {}\nplugins:\n  crashes: { enabled: true }\n  views: { enabled: true, views_max: 7 }\n"
    )
    #expect(try edited("", Change()) == "plugins: { views: { views_max: 7 } }\n")
  }

  @Test("What cannot be edited safely is refused, with a remedy")
  func refusal() {
    #expect(throws: ConfigurationError.self) {
      try edited("plugins:\n  views: [1]\n", Change())
    }
    #expect(throws: ConfigurationError.self) { try edited("plugins: { views: {", Change()) }
  }

  @Test("Any mixture of edits leaves a file that says exactly what was asked", arguments: 0..<40)
  func mixture(seed: Int) throws {
    var generator = SeededNumbers(UInt64(seed))
    var text = [
      "plugins:\n  a: {}\n", "plugins: { a: { x: 1 } }\n",
      "host: {}\nplugins:\n  a:\n    x: 1\n  b:\n",
    ][seed % 3]
    var wanted: [String: String] = seed % 3 == 0 ? [:] : ["a.x": "1"]
    for _ in 0..<12 {
      let plugin = ["a", "b"][Int(generator.next() % 2)]
      let setting = ["x", "y", "z"][Int(generator.next() % 3)]
      let values: [String?] = [nil, "1", "true", "a b", "#", "", "-", "'", "null", "é: {"]
      let value = values[Int(generator.next() % UInt64(values.count))]
      text = try edited(text, Change(setting: setting, plugin: plugin, value: value))
      wanted["\(plugin).\(setting)"] = value
      let file = try ConfigurationFile(bytes: Array(text.utf8), path: "p")
      var found: [String: String] = [:]
      for plugin in file.plugins ?? [] {
        for setting in plugin.settings { found["\(plugin.name).\(setting.name)"] = setting.text }
      }
      #expect(found == wanted, "\(text)")
    }
  }
}

/// SplitMix64.
private struct SeededNumbers {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
