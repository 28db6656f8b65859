import Foundation
import PluginRuntime
import Testing

@testable import Host

@Suite struct AssignmentTests {
  private func inputs(
    _ assignments: [String] = [], environment: [String: String] = [:]
  ) -> Configuration.Inputs {
    var inputs = Configuration.Inputs(workingFolder: "/nowhere", cores: 2)
    inputs.assignments = assignments
    inputs.environment = environment
    return inputs
  }

  private func refusal(_ assignment: String) -> String? {
    do throws(ConfigurationError) {
      _ = try Configuration.load(inputs([assignment]))
      return nil
    } catch { return error.description }
  }

  @Test("A flag wins over a variable, for settings of plugins and of the host")
  func precedence() throws {
    let configuration = try Configuration.load(
      inputs(
        ["plugins.star-rating.bytes_max=1", "host.durability=os", "host.listen=[::1]:1"],
        environment: [
          "TALLY_PLUGIN_STAR_RATING__BYTES_MAX": "2", "TALLY_PLUGIN_VIEWS__VIEWS_MAX": "3",
          "TALLY_DURABILITY": "fsync",
        ]))
    #expect(
      configuration.settings(of: "star-rating") == [
        GivenSetting(
          name: "bytes_max", text: "2", place: "TALLY_PLUGIN_STAR_RATING__BYTES_MAX"),
        GivenSetting(
          name: "bytes_max", text: "1", place: "--set plugins.star-rating.bytes_max"),
      ])
    #expect(configuration.settings(of: "views").map(\.text) == ["3"])
    #expect(configuration.host.durability == .os)
    #expect(configuration.sources["durability"] == .flag("--set"))
    #expect(configuration.host.listen.description == "[::1]:1")
    #expect(configuration.unknownVariables == [])
  }

  @Test("A setting may be for one app")
  func app() throws {
    let key = "plugins.views.apps.0123456789ABCDEF01234567.views_max"
    let configuration = try Configuration.load(inputs([key + "=9"]))
    #expect(
      configuration.settings(of: "views") == [
        GivenSetting(
          name: "views_max", text: "9", place: "--set \(key)", app: "0123456789abcdef01234567")
      ])
  }

  @Test("What is no setting is refused with what there is")
  func refusals() {
    #expect(refusal("durability") == "--set durability: need KEY=VALUE")
    #expect(
      refusal("views.views_max=1")
        == "--set views.views_max: need host.<key>, plugins.<plugin>.<setting> or "
        + "plugins.<plugin>.apps.<app id>.<setting>")
    #expect(
      refusal("host.durabilty=os")?.hasPrefix(
        "--set host.durabilty: unknown key \"durabilty\" in host; did you mean \"durability\"? ")
        == true)
    #expect(
      refusal("host.durability=maybe")
        == "--set: host.durability must be fsync or os, have \"maybe\"")
  }

  @Test("A plugin that nobody knows is refused, with the nearest one")
  func unknownPlugin() throws {
    let configuration = try Configuration.load(inputs(["plugins.sesions.a=1"]))
    let locator = PluginLocator(programFolder: "/nowhere/bin")
    #expect {
      try locator.refuseUnknownOverrides(in: configuration, builtins: ["users", "sessions"])
    } throws: { error in
      "\(error)" == "--set plugins.sesions.a: there is no plugin \"sesions\"; did you mean "
        + "\"sessions\"? Known plugins: users, sessions"
    }
  }

  @Test("A safe start loads no library, whatever the file says")
  func safe() throws {
    var configuration = Configuration(host: HostSettings(cores: 1))
    configuration.plugins = [
      PluginConfiguration(name: "views", place: FilePlace(path: "p", line: 1, column: 1))
    ]
    let locator = PluginLocator(programFolder: "/nowhere/bin")
    #expect(locator.enabled(in: configuration).map(\.name) == ["views"])
    configuration.isSafe = true
    #expect(locator.enabled(in: configuration).isEmpty)
  }
}
