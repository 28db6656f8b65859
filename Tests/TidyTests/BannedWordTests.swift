import Testing

@Suite struct BannedWordTests {
  /// What may not stand in code, what to write instead, and the files it may stand in.
  private static let banned: [(text: String, instead: String, except: [String])] = [
    ("try!", "throw, or a precondition with a message", []),
    ("as!", "as? and a refusal", []),
    ("fatalError(", "precondition for an invariant, an error for input", []),
    ("print(", "the log, or Console in a command", []),
    ("NSLog(", "the log", []),
    ("dlclose(", "nothing: a library stays mapped until the process ends", []),
    ("Date()", "the clock that was handed in", ["Sources/Host/Clock.swift"]),
    ("JSONSerialization", "the parser over bytes, or Codable for configuration", []),
  ]

  @Test("Banned calls do not stand in the sources")
  func calls() {
    var found: [String] = []
    for file in Repository.files("swift") where isSource(file) {
      for (index, line) in SwiftCode(file.text).lines.enumerated() {
        for ban in Self.banned where !ban.except.contains(file.path) && contains(line, ban.text) {
          found.append("\(file.path):\(index + 1): \(ban.text) is banned; write \(ban.instead)")
        }
      }
    }
    #expect(found == [])
  }

  @Test("Nothing is left for later")
  func unfinished() {
    // Put together from parts, so that this file does not find itself.
    let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
    let phrases = ["not impl" + "emented", "place" + "holder", "for n" + "ow"]
    var found: [String] = []
    for file in Repository.files("swift", "c", "h", "cpp", "sh", "md", "js", "yaml") {
      for (index, line) in file.lines.enumerated() {
        let words = SwiftCode.words(String(line)).map(String.init)
        let lower = line.lowercased()
        if marks.contains(where: words.contains) || phrases.contains(where: lower.contains) {
          found.append("\(file.path):\(index + 1): \(line)")
        }
      }
    }
    #expect(found == [])
  }

  @Test("No path of one machine stands in the repository")
  func machinePaths() {
    let folders = ["work", "farm", "root", "home"].map { "/" + $0 + "/" }
    var found: [String] = []
    for file in Repository.files("swift", "c", "h", "cpp", "sh", "md", "js", "yaml", "json") {
      for (index, line) in file.lines.enumerated() {
        for folder in folders {
          guard let range = line.range(of: folder) else { continue }
          let before =
            range.lowerBound == line.startIndex
            ? " " : line[line.index(before: range.lowerBound)]
          if !(before.isLetter || before.isNumber || "_.-~}".contains(before)) {
            found.append("\(file.path):\(index + 1): \(folder)")
          }
        }
      }
    }
    #expect(found == [])
  }

  @Test("`public` means that a plugin author may see it")
  func publicness() {
    let rooms = ["Store", "Journal", "PluginRuntime", "Host"].map { "Sources/" + $0 }
    var found: [String] = []
    for file in Repository.files("swift") where rooms.contains(where: file.isBelow) {
      for (index, line) in SwiftCode(file.text).lines.enumerated()
      where SwiftCode.words(line).contains("public") {
        found.append("\(file.path):\(index + 1): public; write package or nothing")
      }
    }
    #expect(found == [])
  }

  @Test("Every type that other rooms or plugin authors see is described")
  func described() {
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "actor"]
    var found: [String] = []
    for file in Repository.files("swift") where file.isBelow("Sources") {
      let code = SwiftCode(file.text).lines
      for (index, line) in code.enumerated() {
        let words = SwiftCode.words(line)
        guard let first = words.first, ["public", "package"].contains(first),
          words.prefix(5).contains(where: kinds.contains),
          !isDescribed(index, file.lines, code)
        else { continue }
        found.append("\(file.path):\(index + 1): \(line.drop { $0 == " " })")
      }
    }
    #expect(found == [])
  }

  /// Whether `///` stands above the line, attributes between them passed over.
  private func isDescribed(_ index: Int, _ lines: [Substring], _ code: [String]) -> Bool {
    var above = index - 1
    while above >= 0, code[above].drop(while: { $0 == " " }).hasPrefix("@") { above -= 1 }
    return above >= 0 && lines[above].drop { $0 == " " }.hasPrefix("///")
  }

  private func isSource(_ file: Repository.File) -> Bool {
    file.isBelow("Sources") || file.isBelow("Plugins") && file.path.contains("/Sources/")
  }

  /// Whether the call stands there on its own, not as the end of a longer name.
  private func contains(_ line: String, _ text: String) -> Bool {
    guard let range = line.range(of: text) else { return false }
    guard range.lowerBound > line.startIndex else { return true }
    let before = line[line.index(before: range.lowerBound)]
    return !(before.isLetter || before.isNumber || before == "_" || before == ".")
  }
}
