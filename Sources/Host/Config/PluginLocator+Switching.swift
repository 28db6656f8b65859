import Builtins
import Foundation

extension PluginLocator {
  /// Why a plugin cannot be turned on or off; nil when it can. A name that nobody knows is a typo: it
  /// would stand in the file, and a plugin would be missed.
  func refusal(
    ofTurning name: String, on isOn: Bool, in configuration: Configuration
  ) -> String? {
    if Builtins.names.contains(name) { return isOn ? nil : "\(name) is built in and always on" }
    let staged = enabled(in: Configuration(host: configuration.host)).map(\.name)
    let known = Set((configuration.plugins ?? []).map(\.name) + staged)
    let place = FilePlace(path: "", line: 0, column: 0)
    let library = path(of: PluginConfiguration(name: name, place: place))
    guard !known.contains(name), !FileManager.default.fileExists(atPath: library) else {
      return nil
    }
    return "there is no plugin \"\(name)\""
      + NearestName.hint(for: name, among: known.sorted(), called: "plugins")
  }
}
