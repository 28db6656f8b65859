import Testing

@Suite struct ImportTests {
  private static let platform: Set<String> = ["Foundation", "Glibc", "Synchronization", "Dispatch"]

  /// What each room may import; `platform` is added to all but those that plugin authors build
  /// with.
  private static let rooms: [(folder: String, modules: Set<String>)] = [
    ("Sources/PluginKit", ["PluginABI", "Synchronization"]),
    ("Sources/Builtins", ["PluginKit"]),
    (
      "Sources/PluginRuntime",
      platform.union(["PluginABI", "Store", "Logging", "CBreadcrumb", "CCrypto", "CIsolation"])
    ),
    ("Sources/Runner", platform.union(["PluginRuntime", "CSeccomp"])),
    (
      "Sources/Store",
      platform.union(["GRDB", "GRDBSQLite", "CLZ4", "CXXHash", "CProcessor", "CCrypto"])
    ),
    (
      "Sources/PluginTestKit",
      platform.union(["PluginABI", "PluginRuntime", "Store", "Builtins", "Logging"])
    ),
    ("Sources/Journal", platform.union(["CCRC32C", "CJournal"])),
    ("Benchmarks/bare-nio", platform.union(["NIOCore", "NIOPosix", "NIOHTTP1"])),
  ]

  private func imports(_ file: Repository.File) -> [(line: Int, module: String)] {
    SwiftCode(file.text).lines.enumerated().compactMap { index, line in
      let words = SwiftCode.words(line)
      guard let position = words.firstIndex(of: "import"), position <= 2 else { return nil }
      let kinds: Set<Substring> = ["struct", "class", "enum", "func", "protocol", "typealias"]
      let module = words.dropFirst(position + 1).first { !kinds.contains($0) }
      return module.map { (index + 1, String($0)) }
    }
  }

  @Test("Each room imports what the plan of the house allows, and no more")
  func rooms() {
    var wrong: [String] = []
    for file in Repository.files("swift") {
      guard let room = Self.rooms.first(where: { file.isBelow($0.folder) }) else { continue }
      for (line, module) in imports(file) where !room.modules.contains(module) {
        wrong.append("\(file.path):\(line): \(room.folder) may not import \(module)")
      }
    }
    #expect(wrong == [])
  }

  /// Plugins that a library of the system is worth more to than code of their own (decision 11).
  private static let libraries: [String: Set<String>] = [
    "Plugins/user-agent": ["CPCRE2", "Glibc"]
  ]

  @Test("A plugin imports PluginKit alone")
  func plugins() {
    var wrong: [String] = []
    for file in Repository.files("swift") where file.isBelow("Plugins") {
      guard file.path.contains("/Sources/") else { continue }
      let known = Self.libraries.first { file.isBelow($0.key) }?.value ?? []
      for (line, module) in imports(file) where module != "PluginKit" && !known.contains(module) {
        wrong.append("\(file.path):\(line): a plugin may not import \(module)")
      }
    }
    #expect(wrong == [])
  }

  @Test("The host reaches plugins through the runtime only")
  func host() {
    let forbidden: Set<String> = ["PluginKit", "GRDB", "GRDBSQLite", "Views"]
    var wrong: [String] = []
    for file in Repository.files("swift") where file.isBelow("Sources/Host") {
      for (line, module) in imports(file) where forbidden.contains(module) {
        wrong.append("\(file.path):\(line): Host may not import \(module)")
      }
    }
    #expect(wrong == [])
  }

  @Test("Intake and Query never name each other's types")
  func journeys() {
    let intake = Repository.files("swift").filter { $0.isBelow("Sources/Host/Intake") }
    let query = Repository.files("swift").filter { $0.isBelow("Sources/Host/Query") }
    #expect(!intake.isEmpty && !query.isEmpty)
    #expect(named(in: intake, of: types(query)) == [])
    #expect(named(in: query, of: types(intake)) == [])
  }

  private func types(_ files: [Repository.File]) -> Set<String> {
    var names: Set<String> = []
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "actor"]
    for file in files {
      for line in SwiftCode(file.text).lines where !line.hasPrefix(" ") {
        let words = SwiftCode.words(line)
        guard let kind = words.firstIndex(where: kinds.contains), kind + 1 < words.count else {
          continue
        }
        names.insert(String(words[kind + 1]))
      }
    }
    return names
  }

  private func named(in files: [Repository.File], of types: Set<String>) -> [String] {
    files.flatMap { file in
      SwiftCode(file.text).lines.enumerated().flatMap { index, line in
        SwiftCode.words(line).filter { types.contains(String($0)) }
          .map { "\(file.path):\(index + 1): names \($0)" }
      }
    }
  }
}
