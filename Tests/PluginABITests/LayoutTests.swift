import Foundation
import PluginABI
import PluginKit
import Testing

struct LayoutTests {
  @Test(
    "Size, offsets and member sizes of every struct are the frozen ones", arguments: Compiler.all)
  func frozenLayout(compiler: Compiler) throws {
    let folder = "\(Compiler.root)/Tests/PluginABITests"
    let frozen = try String(contentsOfFile: "\(folder)/layout.txt", encoding: .utf8)
    let printed = try Compiler.withFolder { scratch in
      #expect(try compiler.compile("\(folder)/layout.c", to: "\(scratch)/layout") == "")
      return try Compiler.run("\(scratch)/layout", []).text
    }
    #expect(printed == frozen)
  }

  @Test("Every struct of the header is in the layout")
  func layoutIsComplete() throws {
    let folder = "\(Compiler.root)/Tests/PluginABITests"
    let header = try String(
      contentsOfFile: "\(Compiler.root)/Sources/PluginABI/include/tally_plugin.h", encoding: .utf8)
    let frozen = try String(contentsOfFile: "\(folder)/layout.txt", encoding: .utf8)
    let declared = header.matches(of: /typedef struct (tally_\w+) \{/).map { String($0.1) }
    let laidOut = frozen.split(separator: "\n").filter { $0.hasPrefix("tally_") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }
    #expect(declared == laidOut)
    #expect(declared.count == 37)
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
