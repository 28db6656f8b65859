import Foundation
import PluginABI
import PluginKit
import Testing

/// The contract's layout is frozen in `golden-1.0.txt`, which is never edited once 1.0 is released:
/// a later minor has a file of its own, of which this one is the beginning struct by struct.
/// `TALLY_RECORD=1` writes it anew from the first compiler.
struct LayoutTests {
  static let goldenPath = "\(Compiler.root)/Tests/PluginABITests/golden-1.0.txt"

  private func golden() throws -> String {
    try String(contentsOfFile: Self.goldenPath, encoding: .utf8)
  }

  private func printed(by compiler: Compiler) throws -> String {
    let program = try HeaderFile().program
    return try Compiler.withFolder { scratch in
      let source = "\(scratch)/layout.c"
      try program.write(toFile: source, atomically: true, encoding: .utf8)
      let said = try compiler.compile(source, to: "\(scratch)/layout", ["-Wpadded"])
      #expect(said == "")
      return try Compiler.run("\(scratch)/layout", []).text
    }
  }

  @Test("Every compiler and language sees the frozen layout", arguments: Compiler.all)
  func frozenLayout(compiler: Compiler) throws {
    let printed = try printed(by: compiler)
    if ProcessInfo.processInfo.environment["TALLY_RECORD"] != nil,
      compiler.description == Compiler.any?.description
    {
      try printed.write(toFile: Self.goldenPath, atomically: true, encoding: .utf8)
    }
    #expect(try printed == golden())
  }

  @Test("Swift sees the frozen layout")
  func swiftLayout() throws {
    guard let swift = Compiler.swift else { return }
    let header = try HeaderFile()
    let printed = try Compiler.withFolder { scratch in
      let map = "module PluginABI { header \"\(HeaderFile.path)\" export * }\n"
      try map.write(toFile: "\(scratch)/module.modulemap", atomically: true, encoding: .utf8)
      let source = "\(scratch)/main.swift"
      try header.swiftProgram.write(toFile: source, atomically: true, encoding: .utf8)
      let said = try Compiler.run(
        swift, ["-Onone", "-I", scratch, source, "-o", "\(scratch)/layout"])
      #expect(said.status == 0, "\(said.text)")
      return try Compiler.run("\(scratch)/layout", []).text
    }
    #expect(try printed == header.withoutDeclarations(golden()))
  }

  @Test("Every struct and every constant of the header is in the golden file")
  func goldenIsComplete() throws {
    let header = try HeaderFile()
    let text = try String(contentsOfFile: HeaderFile.path, encoding: .utf8)
    let lines = try golden().split(separator: "\n")
    let frozen = lines.filter { $0.hasPrefix("tally_") }.map { $0.prefix { $0 != " " } }
    #expect(frozen == header.structs.map { $0.name[...] })
    #expect(frozen.count == text.matches(of: /typedef struct tally_\w+ \{/).count)
    for name in frozen where !text.contains("sizeof(\(name)) ==") {
      Issue.record("\(name) has no assertion in the header's last section")
    }
    let constants = lines.filter { $0.hasPrefix("TALLY_") }.map { $0.prefix { $0 != " " } }
    #expect(Set(constants).count == constants.count && constants.count > 90)
    #expect(lines.filter { $0.hasPrefix("  ") }.count > 300)
  }

  @Test("No struct has bytes without a name")
  func noPadding() throws {
    var end = 0
    var size = 0
    for line in try golden().split(separator: "\n") {
      let parts = line.split(separator: " ")
      if line.hasPrefix("  ") {
        #expect(Int(parts[0]) == end, "\(line)")
        end = (Int(parts[0]) ?? -1) + (Int(parts[1]) ?? -1)
      } else {
        #expect(end == size, "the struct before \(line)")
        (end, size) = (0, line.hasPrefix("tally_") ? Int(parts[1]) ?? -1 : 0)
      }
    }
  }

  @Test("The session fact that Swift writes is the one that C reads")
  func sessionFact() {
    var fact = SessionFact()
    fact.id = 1
    fact.startMs = 2
    fact.flags = [.opened, .first]
    fact.newIn = [.day, .year]
    fact.previousID = 5
    fact.previousStartMs = 6
    fact.previousDuration = 7
    fact.previousHour = 8
    fact.duration = 9
    let c = withUnsafeBytes(of: fact) { $0.loadUnaligned(as: tally_session_fact.self) }
    #expect(MemoryLayout<SessionFact>.size == MemoryLayout<tally_session_fact>.size)
    #expect((c.id, c.start_ms) == (1, 2))
    #expect(c.flags == TALLY_SESSION_OPENED | TALLY_SESSION_FIRST)
    #expect(c.new_in == TALLY_GRAIN_DAY | TALLY_GRAIN_YEAR)
    #expect((c.previous_id, c.previous_start_ms, c.previous_duration) == (5, 6, 7))
    #expect((c.previous_hour, c.reserved0, c.duration) == (8, 0, 9))
  }
}
