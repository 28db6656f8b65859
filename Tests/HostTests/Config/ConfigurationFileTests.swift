import PluginRuntime
import Testing

@testable import Host

@Suite struct ConfigurationFileTests {
  private func read(_ text: String) throws(ConfigurationError) -> ConfigurationFile {
    try ConfigurationFile(bytes: Array(text.utf8), path: "plugins.yaml")
  }

  private func refusal(_ text: String) -> String {
    do throws(ConfigurationError) {
      _ = try read(text)
      return "accepted"
    } catch {
      return error.description
    }
  }

  @Test("Plugins keep the order of the file and their settings as written")
  func plugins() throws {
    let file = try read(
      """
      plugins:
        views:
          enabled: false
          view_limit: 5_0
        star-rating: { path: lib/x.so, mode: inproc, note: "true" }
        crashes:
      """)
    let plugins = try #require(file.plugins)
    #expect(plugins.map(\.name) == ["views", "star-rating", "crashes"])
    #expect(plugins.map(\.isEnabled) == [false, true, true])
    #expect(plugins.map(\.path) == [nil, "lib/x.so", nil])
    #expect(plugins[0].settings.map(\.name) == ["view_limit"])
    #expect(plugins[0].settings.map(\.text) == ["5_0"])
    #expect(plugins[0].settings.map(\.place) == ["plugins.yaml:4:5"])
    #expect(plugins[1].settings.map(\.text) == ["true"])
  }

  @Test("What is built in is always on, in the server's process, and comes with the server")
  func builtins() throws {
    for line in ["enabled: false", "path: ./x.so", "mode: isolated"] {
      #expect(
        refusal("plugins:\n  users: { \(line) }\n")
          == "plugins.yaml:2:12: users is built in: it is always on, in the server's process; "
          + "remove this line")
    }
    let file = try read(
      "plugins: { users: { enabled: true, mode: inproc, order: { phase: first } } }")
    #expect(file.plugins?.count == 1)
  }

  @Test("A file without the group says nothing about plugins, an empty group says none")
  func absentOrEmpty() throws {
    #expect(try read("host: { listen: \"a:1\" }").plugins == nil)
    #expect(try read("").plugins == nil)
    #expect(try read("plugins:\n").plugins?.isEmpty == true)
  }

  @Test(
    "A mistake is named with its place, the nearest name and what is known",
    arguments: [
      (
        "plugin:\n  views:\n",
        "plugins.yaml:1:1: unknown key \"plugin\" in the file; did you mean \"plugins\"? "
          + "Known keys: host, plugins"
      ),
      (
        "host:\n  lisen: 1\n",
        "plugins.yaml:2:3: unknown key \"lisen\" in host; did you mean \"listen\"? "
          + "Known keys: listen, data, durability, event_loops, client_addresses, "
          + "client_addresses_by_app, trusted_proxies, place_file, public_url, key_file, "
          + "plugin_pins, plugin_keys, outgoing_allow, limits"
      ),
      (
        "host: { durability: [os] }\n",
        "plugins.yaml:1:21: host.durability must be a single value, have a list"
      ),
      ("host: 5\n", "plugins.yaml:1:7: host must be a group of keys, have a single value"),
      ("plugins: [views]\n", "plugins.yaml:1:10: plugins must be a group of keys, have a list"),
      (
        "plugins:\n  views: { enabled: yes }\n",
        "plugins.yaml:2:21: plugins.views.enabled must be true or false, have \"yes\""
      ),
      (
        "plugins:\n  push: { mode: fast }\n",
        "plugins.yaml:2:17: plugins.push.mode: need inproc or isolated, have \"fast\""
      ),
      (
        "plugins:\n  views: { order: { phase: soon } }\n",
        "plugins.yaml:2:28: plugins.views.order.phase: need first, early, normal, late, last or a "
          + "whole number, have \"soon\""
      ),
      (
        "plugins:\n  views: { order: { befor: [a] } }\n",
        "plugins.yaml:2:21: unknown key \"befor\" in plugins.views.order; did you mean \"before\"? "
          + "Known keys: phase, before, after"
      ),
      (
        "plugins:\n  views: { order: { before: [A] } }\n",
        "plugins.yaml:2:30: plugins.views.order.before: \"A\" is no name of a plugin; use a-z, 0-9 "
          + "and -"
      ),
      (
        "plugins:\n  views: { transform_fault: ignore }\n",
        "plugins.yaml:2:29: plugins.views.transform_fault: need hold or bypass, have \"ignore\""
      ),
      (
        "plugins:\n  views: { on_fault: ignore }\n",
        "plugins.yaml:2:22: plugins.views.on_fault: need quarantine, isolate or restart, have "
          + "\"ignore\""
      ),
      (
        "plugins:\n  push: { sha256: abc }\n",
        "plugins.yaml:2:19: plugins.push.sha256: need 64 hexadecimal digits, as `sha256sum` prints "
          + "them"
      ),
      (
        "plugins:\n  push: { signature: AAAA }\n",
        "plugins.yaml:2:22: plugins.push.signature: need an ed25519 signature of 64 bytes in base64"
      ),
      (
        "plugins:\n  push: { apps: { shop: { a: 1 } } }\n",
        "plugins.yaml:2:19: \"shop\" in plugins.push.apps is no app; write its 24 hexadecimal digits"
      ),
      (
        "host: { plugin_pins: maybe, plugin_kys: 1 }\n",
        "plugins.yaml:1:29: unknown key \"plugin_kys\" in host; did you mean \"plugin_keys\"? "
          + "Known keys: listen, data, durability, event_loops, client_addresses, "
          + "client_addresses_by_app, trusted_proxies, place_file, public_url, key_file, "
          + "plugin_pins, plugin_keys, outgoing_allow, limits"
      ),
      (
        "plugins:\n  ../evil: {}\n",
        "plugins.yaml:2:3: \"../evil\" is no name of a plugin; use a-z, 0-9 and -, "
          + "at most 64 characters"
      ),
      (
        "plugins:\n  views: {}\n  views: {}\n",
        "plugins.yaml:3:3: key \"views\" stands twice, first on line 2; remove one of them"
      ),
      (
        "host:\n  listen:\n",
        "plugins.yaml:2:10: host.listen must be a single value, have nothing"
      ),
    ])
  func refusals(text: String, message: String) {
    #expect(refusal(text) == message)
  }

  @Test("What a file says about the order of a plugin's hooks is read with its place")
  func placement() throws {
    let text = """
      plugins:
        views:
          order: { phase: late, before: geo, after: [users, sessions] }
          transform_fault: bypass
          on_fault: isolate

      """
    let file = try ConfigurationFile(bytes: Array(text.utf8), path: "plugins.yaml")
    let placement = try #require(file.plugins?.first).placement
    #expect(placement.transformFault == .bypass)
    #expect(placement.onFault == .isolate)
    #expect(
      placement.order
        == OrderOverride(
          phase: 500, before: ["geo"], after: ["users", "sessions"], place: "plugins.yaml:3:5"))
  }

  @Test("An unknown limit lists the limits")
  func unknownLimit() {
    let message = refusal("host:\n  limits: { body_byte_max: 5 }\n")
    #expect(
      message.hasPrefix(
        "plugins.yaml:2:13: unknown key \"body_byte_max\" in host.limits; "
          + "did you mean \"body_bytes_max\"? Known keys: header_bytes_max, body_bytes_max, "))
    #expect(!message.contains("listen"))
  }

  @Test("A misspelt key of the host is found among a plugin's settings")
  func nearestPluginSetting() {
    #expect(PluginConfiguration.nearest("enabeld", ["view_limit"]) == "enabled")
    #expect(PluginConfiguration.nearest("view_limt", ["view_limit"]) == "view_limit")
    #expect(PluginConfiguration.nearest("colour", ["view_limit"]) == nil)
  }
}
