import PluginABI
import PluginRuntime

/// A plugin to be tested, and what an operator would have written below its name.
package struct TestPlugin {
  let name: String
  let code: PluginRuntime.Request.Code
  let settings: [String: String]

  /// A library; its file is named `lib<name>.so`.
  package init(library path: String, settings: [String: String] = [:]) {
    name = Self.name(ofLibrary: path)
    code = .library(name: name, path: path)
    self.settings = settings
  }

  /// One that is linked into the test: `TestPlugin(name: "views") { tallyPluginViews() }`.
  package init(
    name: String, settings: [String: String] = [:], entry: @escaping tally_plugin_entry
  ) {
    self.name = name
    code = .builtin(entry)
    self.settings = settings
  }

  /// `…/libstar-rating.so` → `star-rating`.
  package static func name(ofLibrary path: String) -> String {
    var name = path.split(separator: "/").last.map(String.init) ?? path
    if name.hasPrefix("lib") { name.removeFirst(3) }
    if name.hasSuffix(".so") { name.removeLast(3) }
    return name
  }

  var request: PluginRuntime.Request {
    .init(
      code,
      settings: settings.sorted { $0.key < $1.key }.map {
        GivenSetting(name: $0.key, text: $0.value, place: "test")
      })
  }
}
