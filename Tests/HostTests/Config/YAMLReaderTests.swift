import Testing

@testable import Host

@Suite struct YAMLReaderTests {
  private func read(_ text: String) throws(ConfigurationError) -> YAMLNode? {
    try YAMLReader.read(Array(text.utf8), path: "a.yaml")
  }

  private func refusal(_ text: String) -> String? {
    do throws(ConfigurationError) {
      _ = try read(text)
      return nil
    } catch {
      return error.description
    }
  }

  @Test("Every key and value knows its line and column")
  func places() throws {
    let root = try #require(try read("# remark\nhost:\n  listen: \"a:1\"\n  list: [1, two]\n"))
    let host = try #require(try root.entries(of: "").first)
    #expect(host.key == "host")
    #expect(host.place == FilePlace(path: "a.yaml", line: 2, column: 1))
    let members = try host.value.entries(of: "")
    #expect(members.map(\.key) == ["listen", "list"])
    #expect(members.map(\.place.line) == [3, 4])
    #expect(members.map(\.place.column) == [3, 3])
    #expect(members[0].value.place.description == "a.yaml:3:11")
    #expect(members[0].value.content == .scalar("a:1", quoted: true))
    guard case .sequence(let elements) = members[1].value.content else {
      Issue.record("no list: \(members[1].value)")
      return
    }
    #expect(
      elements.map(\.content) == [.scalar("1", quoted: false), .scalar("two", quoted: false)])
    #expect(elements.map(\.place.column) == [10, 13])
  }

  @Test(
    "Inline groups are groups", arguments: ["views: { enabled: true }", "views:\n  enabled: true"])
  func inlineGroups(text: String) throws {
    let views = try #require(try read(text)?.entries(of: "").first)
    let members = try views.value.entries(of: "")
    #expect(members.map(\.key) == ["enabled"])
    #expect(try members[0].value.truth(of: "") == true)
  }

  @Test("A file of nothing holds nothing", arguments: ["", "\n", "# only a remark\n", "---\n"])
  func empty(text: String) throws {
    #expect(try read(text).map(\.isNull) ?? true)
  }

  @Test("Quoted truth values and numbers are texts")
  func quoting() throws {
    let entry = try #require(try read("enabled: \"true\"")?.entries(of: "").first)
    #expect(throws: ConfigurationError.self) { try entry.value.truth(of: "enabled") }
    #expect(try entry.value.text(of: "enabled") == "true")
  }

  @Test(
    "What could be misread is refused at its place",
    arguments: [
      (
        "host:\n\tlisten: x\n", "a.yaml:2:1: a tab; indent with spaces (in a quoted text write \\t)"
      ),
      (
        "a: 1\nb: 2\na: 3\n",
        "a.yaml:3:1: key \"a\" stands twice, first on line 1; remove one of them"
      ),
      ("a: &x 1\n", "a.yaml:1:4: an anchor (&name) or a tag (!type); write the plain value"),
      ("a: !!str 1\n", "a.yaml:1:4: an anchor (&name) or a tag (!type); write the plain value"),
      ("a: *x\n", "a.yaml:1:4: an alias (*name); write the value out"),
      ("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document begins; keep only one"),
      ("? [a]\n: 1\n", "a.yaml:1:3: a key must be a single word"),
    ])
  func refusals(text: String, message: String) {
    #expect(refusal(text) == message)
  }

  @Test("A syntax error names line, column and a remedy")
  func syntax() {
    let message = refusal("host:\n  listen: 1\n data: 2\n") ?? ""
    #expect(message.hasPrefix("a.yaml:3:2: "))
    #expect(
      message.hasSuffix("check indentation, colons and quotes of this line and the one above"))
  }

  @Test("Bytes that are not UTF-8 are refused with their line")
  func notText() {
    let bytes: [UInt8] = Array("a: 1\nb: ".utf8) + [0xC3, 0x28, 0x0A]
    let error = #expect(throws: ConfigurationError.self) {
      try YAMLReader.read(bytes, path: "a.yaml")
    }
    #expect(error?.description == "a.yaml:2:1: this line is not UTF-8; save the file as UTF-8")
  }

  @Test("Depth, count and size are bounded")
  func bounds() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(refusal(deep)?.contains("more than 16 levels") == true)
    let wide = "[" + String(repeating: "1,", count: 10_001) + "]"
    #expect(refusal(wide)?.contains("10000 values") == true)
    let large = String(repeating: "#", count: YAMLReader.bytesMax + 1)
    #expect(refusal(large)?.contains("need at most 1048576") == true)
  }
}
