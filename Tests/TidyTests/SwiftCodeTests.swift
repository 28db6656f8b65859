import Testing

@Suite struct SwiftCodeTests {
  @Test("Comments and texts are no code, what they interpolate included")
  func blanking() {
    let code = SwiftCode(
      ##"""
      let a = "try! \(f("x)")) \" //" + b // print(
      /* fatalError( */ let c = #"a"b"# + d
      let e = """
        "quoted" try!
        """ + g
      """##)
    #expect(!code.lines.joined().contains("try!"))
    #expect(!code.lines.joined().contains("print"))
    #expect(!code.lines.joined().contains("fatalError"))
    #expect(code.lines.count == 5)
    #expect(code.lines[0].contains("+ b"))
    #expect(code.lines[4].contains("+ g"))
  }

  @Test("A function's length counts from its first line to its closing brace")
  func functions() {
    let code = SwiftCode(
      """
      protocol P {
        func without(_ a: Int) -> Int
        var x: Int { get }
      }
      struct S {
        init(a: Int) {
          self.init()
        }
        func long(
          _ body: () -> Void = { let b = 1; _ = b }
        ) -> Int
        where Int: Sendable {
          if true { return 1 }
          return 2
        }
        func short() { [1].map { $0 } }
      }
      """)
    #expect(
      code.functions == [
        .init(line: 6, name: "init", length: 3), .init(line: 9, name: "long", length: 7),
        .init(line: 16, name: "short", length: 1),
      ])
  }
}
