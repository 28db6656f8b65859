import Foundation

/// `tally plugin dev`: watches a plugin's folder, builds, and hands the library over.
struct PluginDevelopment {
  /// How often the sources are looked at, and how long they must be quiet before a build.
  private static let lookSeconds = 0.15
  /// Files looked at; a folder with more is no plugin's.
  private static let filesMax = 4_096
  private static let unwatched: Set<String> = ["build", ".build", "target", ".git"]

  let folder: String
  let name: String
  private let pluginFolder: String
  private let withTests: Bool

  init(folder: String, into plugins: String, withTests: Bool) throws(CommandError) {
    let path = URL(filePath: folder).standardizedFileURL.path
    guard let makefile = try? String(contentsOfFile: path + "/Makefile", encoding: .utf8),
      let found = makefile.firstMatch(of: /(?m)^NAME\s*:=\s*([a-z0-9-]+)\s*$/)
    else {
      throw CommandError(
        .invalidArgument,
        "\(path) has no Makefile with a line `NAME := plugin-name`; make a plugin with "
          + "`tally plugin new`, or name its folder")
    }
    self.folder = path
    name = String(found.1)
    pluginFolder = URL(filePath: plugins).standardizedFileURL.path + "/" + name
    self.withTests = withTests
  }

  /// Builds now and at every change, for ever.
  func watch() throws {
    var known: [String: Date] = [:]
    while true {
      let seen = sources()
      if seen != known {
        // An editor may still be writing.
        Thread.sleep(forTimeInterval: Self.lookSeconds)
        guard sources() == seen else { continue }
        known = seen
        _ = try build()
      }
      Thread.sleep(forTimeInterval: Self.lookSeconds)
    }
  }

  /// Builds and hands over; false when the build or the tests failed, and the server keeps what it
  /// has.
  func build() throws -> Bool {
    let start = ContinuousClock.now
    guard try make() else {
      Console.write("\(name): the build failed; the server keeps what it runs")
      return false
    }
    let built = "\(folder)/build/lib\(name).so"
    guard FileManager.default.fileExists(atPath: built) else {
      throw CommandError(
        .system, "make did not leave \(built); have its first target build the library there")
    }
    let changed = try handOver(built)
    let seconds = Double((ContinuousClock.now - start).milliseconds) / 1_000
    Console.write(
      "\(name): built in \(String(format: "%.2f", seconds)) s, "
        + (changed ? "handed to \(pluginFolder)" : "nothing new"))
    return true
  }

  private func make() throws -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["make", "-s", "-C", folder] + (withTests ? ["all", "test"] : [])
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  /// A reader sees the old file or the new one, never half of either. False when both are the same.
  private func handOver(_ built: String) throws -> Bool {
    let files = FileManager.default
    let place = "\(pluginFolder)/lib\(name).so"
    guard !files.contentsEqual(atPath: built, andPath: place) else { return false }
    try files.createDirectory(atPath: pluginFolder, withIntermediateDirectories: true)
    let dashboard = folder + "/dashboard"
    if files.fileExists(atPath: dashboard) {
      let target = pluginFolder + "/dashboard"
      try? files.removeItem(atPath: target)
      try files.copyItem(atPath: dashboard, toPath: target)
    }
    let beside = "\(pluginFolder)/.lib\(name).so.new"
    try? files.removeItem(atPath: beside)
    try files.copyItem(atPath: built, toPath: beside)
    guard rename(beside, place) == 0 else {
      throw CommandError.system("\(place) cannot be replaced", errno: errno)
    }
    return true
  }

  /// Every source with its time of change.
  private func sources() -> [String: Date] {
    let start = URL(filePath: folder)
    let keys: Set<URLResourceKey> = [.contentModificationDateKey, .isRegularFileKey]
    guard
      let walk = FileManager.default.enumerator(at: start, includingPropertiesForKeys: Array(keys))
    else { return [:] }
    var found: [String: Date] = [:]
    while let file = walk.nextObject() as? URL, found.count < Self.filesMax {
      if Self.unwatched.contains(file.lastPathComponent) {
        walk.skipDescendants()
        continue
      }
      guard let values = try? file.resourceValues(forKeys: keys), values.isRegularFile == true
      else { continue }
      found[file.path] = values.contentModificationDate
    }
    return found
  }
}
