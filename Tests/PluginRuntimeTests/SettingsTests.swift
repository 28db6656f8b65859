import Testing

@testable import PluginRuntime

/// What an operator gives a plugin, checked before any of its code runs.
@Suite("Settings")
struct SettingsTests {
  private let folder: PluginFolder
  private static let app = "0123456789abcdef01234567"

  init() throws {
    folder = try PluginFolder()
    try folder.compile("talkative")
  }

  private func given(_ name: String, _ text: String, app: String? = nil) -> GivenSetting {
    GivenSetting(name: name, text: text, place: "plugins.yaml:3:9", app: app)
  }

  private func refusal(_ name: String, _ text: String, app: String? = nil) throws -> String? {
    try folder.refusal("talkative", settings: [given(name, text, app: app)])
  }

  @Test("A value out of its range is refused with range and unit")
  func range() throws {
    #expect(
      try refusal("limit_max", "11")
        == "TALLY-140: plugins.yaml:3:9: setting limit_max of plugin talkative: need 1 to 10 items, "
        + "have 11")
  }

  @Test("A value of another type is refused")
  func type() throws {
    #expect(
      try refusal("limit_max", "many")
        == "TALLY-140: plugins.yaml:3:9: setting limit_max of plugin talkative: need a whole number, "
        + "have \"many\"")
  }

  @Test("A text that is none of the choices is refused with them")
  func choices() throws {
    #expect(
      try refusal("level", "loud")
        == "TALLY-140: plugins.yaml:3:9: setting level of plugin talkative: need one of low, high, "
        + "have \"loud\"")
    #expect(try refusal("level", "high") == nil)
  }

  @Test("An unknown name is refused with the nearest one")
  func unknown() throws {
    #expect(
      try refusal("tokn", "x")
        == "TALLY-140: plugins.yaml:3:9: unknown setting \"tokn\" of plugin talkative; did you mean "
        + "\"token\"? Known: limit_max, token, level")
  }

  @Test("What says how a plugin is loaded is no setting of it")
  func loading() throws {
    #expect(
      try refusal("sha256", "x")
        == "TALLY-140: plugins.yaml:3:9: sha256 is no setting of plugin talkative, but says how it is "
        + "loaded; write it below plugins.talkative in plugins.yaml")
  }

  @Test("Only a setting that says so may differ for an app")
  func perApp() throws {
    #expect(
      try refusal("level", "high", app: Self.app)
        == "TALLY-140: plugins.yaml:3:9: setting level of plugin talkative is the same for all apps; "
        + "move it out of `apps`")
    #expect(try refusal("limit_max", "3", app: Self.app) == nil)
  }

  @Test("A plugin is told the value of an app where it has one, and no log shows a secret")
  func valuesAndSecrets() throws {
    let settings = [
      given("token", "opensesame"), given("limit_max", "4"),
      given("limit_max", "9", app: Self.app),
    ]
    try folder.start("talkative", settings: settings, apps: [2: Self.app]) { runtime in
      #expect(runtime.refusals.isEmpty)
      let said = folder.log.all.filter { $0.contains("plugin says") }
      #expect(
        said == [
          "info plugin says plugin=talkative text=app 1: token (secret) limit 4 level low",
          "info plugin says plugin=talkative text=app 2: token (secret) limit 9 level low",
        ])
      let instance = try #require(runtime.instances.first)
      #expect(instance.settings.place(of: "limit_max") == "plugins.yaml:3:9")
      #expect(instance.settings.place(of: "level") == "default")
    }
    #expect(!folder.log.all.contains { $0.contains("opensesame") })
  }

  @Test("The reason for which a plugin does not start shows no secret")
  func secretInFailure() throws {
    let settings = [given("token", "opensesame"), given("limit_max", "7")]
    #expect(
      try folder.refusal("talkative", settings: settings)
        == "TALLY-160: talkative: start answered -1: nobody answers to (secret); the server runs "
        + "without it")
    #expect(!folder.log.all.contains { $0.contains("opensesame") })
  }

  @Test("Settings of a newer header lie farther apart, and are read all the same")
  func newerHeader() throws {
    try folder.compile("newer-settings")
    try folder.start("newer-settings", settings: [given("second", "false")]) { runtime in
      let instance = try #require(runtime.instances.first, "\(runtime.refusals)")
      #expect(instance.manifest.settings.map(\.name) == ["first_max", "second"])
      #expect(instance.settings.values == ["first_max": .int(1), "second": .bool(false)])
      #expect(instance.manifest.settings[0].range == 0...10)
    }
    #expect(
      try folder.refusal("newer-settings", settings: [given("first_max", "11")])
        == "TALLY-140: plugins.yaml:3:9: setting first_max of plugin newer-settings: need 0 to 10, "
        + "have 11")
  }

  @Test("No plugin may call a setting what the host reads itself", arguments: PluginKey.allCases)
  func reserved(key: PluginKey) throws {
    try folder.compile("newer-settings", ["-DSECOND=\"\(key.rawValue)\""])
    #expect(
      try folder.refusal("newer-settings")?.contains(
        "the name \(key.rawValue), which is the host's; choose another") == true)
  }

  @Test("Two settings are equal when their values are, wherever they stand")
  func equality() throws {
    let code = try LoadedPlugin(path: folder.library("talkative"), name: "talkative")
    func settings(_ text: String, _ place: String) throws -> Settings {
      try Settings(
        manifest: code.manifest,
        given: [GivenSetting(name: "limit_max", text: text, place: place)], nearest: { _, _ in nil }
      )
    }
    #expect(try settings("3", "a:1:1") == settings("3", "b:2:2"))
    #expect(try settings("3", "a:1:1") != settings("4", "a:1:1"))
  }
}
