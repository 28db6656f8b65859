import Testing

@testable import UserAgent

struct PatternFileTests {
  private func reason(_ text: String) -> String {
    do throws(PatternError) {
      _ = try AgentReader(PatternFile(text))
      return "taken"
    } catch { return error.cause }
  }

  @Test("Comments, quotes and empty lines are read as they stand")
  func reads() throws {
    let file = try PatternFile(
      """
      # A comment
      user_agent_parsers:
        #### Another
        - regex: '(It''s|Its): #(\\d+)'
          family_replacement: 'It $1'

        - regex: 'x'
      os_parsers:
        - regex: 'y'
      """)
    #expect(
      file.lists["user_agent_parsers"]
        == [["regex": "(It's|Its): #(\\d+)", "family_replacement": "It $1"], ["regex": "x"]])
    #expect(file.lists["os_parsers"] == [["regex": "y"]])
  }

  @Test("What is wrong with a file is said with its cause")
  func refused() {
    #expect(reason("hello") == "line 1 is no entry")
    #expect(reason("a:\n  - regex: \"x\"") == "line 2 is no entry")
    #expect(reason("") == "it has no user_agent_parsers")
    #expect(reason("user_agent_parsers:\n  - regex: 'a'\n") == "it has no os_parsers")
    #expect(
      reason("user_agent_parsers:\n  - regex: '(a'\n") == "the expression (a is wrong at byte 2")
    #expect(
      reason("user_agent_parsers:\n  - family_replacement: 'a'\n")
        == "the expression  is wrong at byte 0")
    let many = String(repeating: "  - regex: 'a'\n", count: PatternFile.entriesMax + 1)
    #expect(reason("a:\n" + many) == "more than 10000 entries")
  }

  @Test("A file that is not there is named, with what to do")
  func missing() {
    do throws(PatternError) {
      _ = try PatternFile(path: "/nowhere/regexes.yaml")
      Issue.record("taken")
    } catch {
      #expect(
        error.text
          == "/nowhere/regexes.yaml: No such file or directory; install the package uap-core, or "
          + "name its regexes.yaml in `patterns`")
    }
  }

  @Test("Groups stand where a replacement names them, and a dollar alone is a dollar")
  func templates() {
    let pieces = Pattern.Template("a$1b$2$").pieces
    #expect(
      pieces
        == [
          .text([0x61]), .group(1), .text([0x62]), .group(2), .text([UInt8(ascii: "$")]),
        ])
  }
}
