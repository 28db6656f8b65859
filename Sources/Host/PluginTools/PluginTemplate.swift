import Builtins
import Foundation

/// A new plugin is an example under another name: what is copied is what `make test` builds.
struct PluginTemplate {
  enum Language: String, CaseIterable {
    case c, swift, rust

    /// The plugin that lies in `examples/<language>`. Its three spellings are what is replaced.
    var example: String {
      switch self {
      case .c: "site-search"
      case .swift: "app-revenue"
      case .rust: "slow-actions"
      }
    }
  }

  /// Where the examples look for an installation.
  private static let exampleKit = "../../dist"
  private static let nameLengthMax = 40
  /// What building leaves behind.
  private static let built: Set<String> = ["build", ".build", "target"]
  private static let filesMax = 64

  let language: Language
  let kit: AuthorKit

  init(_ language: Language, kit: AuthorKit) throws(CommandError) {
    self.language = language
    self.kit = kit
  }

  /// Makes `<parent>/<name>`; its path.
  func make(_ name: String, in parent: String) throws -> String {
    try Self.check(name)
    let target = URL(filePath: parent).standardizedFileURL.path + "/" + name
    let files = FileManager.default
    guard !files.fileExists(atPath: target) else {
      throw CommandError(.exists, "\(target) is there already; choose another name or place")
    }
    let source = "\(kit.examples)/\(language.rawValue)"
    let paths = try relativePaths(in: source)
    for path in paths {
      guard let text = try? String(contentsOfFile: "\(source)/\(path)", encoding: .utf8) else {
        throw CommandError(.system, "\(source)/\(path) cannot be read; install Tally again")
      }
      let place = "\(target)/\(renamed(path, name))"
      try files.createDirectory(
        atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try renamed(text, name).replacing(Self.exampleKit, with: kit.folder)
        .write(toFile: place, atomically: true, encoding: .utf8)
    }
    return target
  }

  private static func check(_ name: String) throws(CommandError) {
    guard name.wholeMatch(of: /[a-z][a-z0-9]*(-[a-z0-9]+)*/) != nil, name.count <= nameLengthMax
    else {
      throw CommandError(
        .invalidArgument,
        "\"\(name)\" is no name of a plugin: need up to \(nameLengthMax) of a-z, 0-9 and - between "
          + "them, beginning with a letter, such as star-rating")
    }
    guard !Builtins.names.contains(name) else {
      throw CommandError(.exists, "\(name) is a plugin of the server itself; choose another name")
    }
  }

  private func relativePaths(in source: String) throws(CommandError) -> [String] {
    let all = FileManager.default.enumerator(atPath: source)?.compactMap { $0 as? String } ?? []
    let paths = all.filter { path in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: "\(source)/\(path)", isDirectory: &isFolder)
      return !isFolder.boolValue
        && !path.split(separator: "/").contains { Self.built.contains(String($0)) }
    }
    guard !paths.isEmpty, paths.count <= Self.filesMax else {
      throw CommandError(
        .system, "\(source) holds \(paths.count) files, need 1 to \(Self.filesMax); install again")
    }
    return paths.sorted()
  }

  /// `site-search`, `site_search` and `SiteSearch` in the spelling of the new name.
  private func renamed(_ text: String, _ name: String) -> String {
    text.replacing(language.example, with: name)
      .replacing(Self.snake(language.example), with: Self.snake(name))
      .replacing(Self.pascal(language.example), with: Self.pascal(name))
  }

  private static func snake(_ name: String) -> String { name.replacing("-", with: "_") }

  private static func pascal(_ name: String) -> String {
    name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}
