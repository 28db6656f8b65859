import Foundation

/// The files of this repository, as its rules see them.
enum Repository {
  static let root: URL = {
    var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    while !FileManager.default.fileExists(atPath: folder.appending(path: ".swift-format").path),
      folder.path != "/"
    {
      folder.deleteLastPathComponent()
    }
    return folder
  }()

  /// One text file.
  struct File {
    /// Relative to the root, with `/`.
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// Whether the file lies below the folder.
    func isBelow(_ folder: String) -> Bool { path.hasPrefix(folder + "/") }
  }

  /// Every file with one of these endings, built things left out.
  static func files(_ endings: String...) -> [File] {
    let top = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    let folders = ["Sources", "Plugins", "Tests", "Benchmarks", "docs"].filter(top.contains)
    let paths = top + folders.flatMap(below)
    return paths.sorted().compactMap { path in
      guard endings.contains(where: { path.hasSuffix("." + $0) }),
        let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8)
      else { return nil }
      return File(path: path, text: text)
    }
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path)
  }

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The names of the folders in a folder.
  static func folders(in path: String) -> [String] {
    let names =
      (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: path).path)) ?? []
    return names.filter { name in
      var isFolder: ObjCBool = false
      let full = root.appending(path: path).appending(path: name).path
      return FileManager.default.fileExists(atPath: full, isDirectory: &isFolder)
        && isFolder.boolValue && !name.hasPrefix(".")
    }.sorted()
  }

  private static func below(_ folder: String) -> [String] {
    let start = root.appending(path: folder).path
    let names = FileManager.default.enumerator(atPath: start)?.compactMap { $0 as? String } ?? []
    return names.filter { !$0.split(separator: "/").contains { $0.hasPrefix(".") } }
      .map { folder + "/" + $0 }
  }
}
