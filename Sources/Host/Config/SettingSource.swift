/// Where a value in force comes from, the strongest first.
enum SettingSource: Equatable, Sendable, CustomStringConvertible {
  case flag(String)
  case environment(String)
  case file(FilePlace)
  case standard

  var description: String {
    switch self {
    case .flag(let name): name
    case .environment(let name): name
    case .file(let place): place.description
    case .standard: "default"
    }
  }
}
