import Testing

@testable import Host

@Suite struct PathPatternTests {
  @Test("An expression is searched in the path; what is none is refused")
  func searched() throws {
    #expect(try #require(PathPattern("/o/users")).matches("/o/users/me"))
    #expect(try #require(PathPattern("/i/(users|apps)")).matches("/i/apps/update"))
    #expect(try !#require(PathPattern("^/o/users$")).matches("/o/users/me"))
    for text in ["", "(", "[a", "*", String(repeating: "a", count: 257)] {
      #expect(PathPattern(text) == nil, "\(text)")
    }
  }

  @Test(
    "A hostile expression is given up, and lets nobody in",
    arguments: [
      "^(a+)+$", "(a|aa)+$", "(.*)*x", "(a*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$", "(?:a?){30}a{30}b",
      "(.*)(.*)(.*)(.*)(.*)(.*)(.*)x", "(?R)|a", "((a{1,30}){1,30}){1,30}b",
    ])
  func hostile(_ text: String) {
    let start = Clock.monotonicSeconds
    let path = String(repeating: "a", count: PathPattern.pathBytesMax)
    for _ in 0..<TokenScope.pathsMax {
      let pattern = PathPattern(text)
      if text != "(?R)|a" && text != "^(([a-z])+.)+[A-Z]([a-z])+$" {
        #expect(pattern?.matches(path + "!") != true)
      }
      _ = pattern?.matches(path)
    }
    #expect(Clock.monotonicSeconds - start < 10)
  }

  @Test("Endless paths match nothing")
  func long() throws {
    let all = try #require(PathPattern("a"))
    #expect(all.matches(String(repeating: "a", count: PathPattern.pathBytesMax)))
    #expect(!all.matches(String(repeating: "a", count: PathPattern.pathBytesMax + 1)))
  }
}
