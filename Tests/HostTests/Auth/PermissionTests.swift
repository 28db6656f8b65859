import Testing

@testable import Host

@Suite struct PermissionTests {
  private func permission(_ text: String) throws -> Permission {
    Permission(try #require(JSONValue(text)))
  }

  @Test("All of an app, or single features of it, may be done by action")
  func grants() throws {
    let some = try permission(
      #"{"c":{"a":{"all":false,"allowed":{"events":true,"views":false}}},"r":{"a":{"all":true}}}"#)
    #expect(some.allows(.create, "events", app: "a"))
    #expect(!some.allows(.create, "views", app: "a"))
    #expect(!some.allows(.create, "core", app: "a"))
    #expect(some.allows(.read, "anything", app: "a"))
    #expect(!some.allows(.update, "events", app: "a"))
    #expect(!some.allows(.read, "anything", app: "b"))
    #expect(some.apps == ["a"])
  }

  @Test(
    "An administrator of an app may do all of it; some of the actions, or single features, are less",
    arguments: [
      (#"{"_":{"a":["a"]}}"#, true),
      (
        #"{"c":{"a":{"all":true}},"r":{"a":{"all":true}},"u":{"a":{"all":true}},"d":{"a":{"all":true}}}"#,
        true
      ),
      (#"{"c":{"a":{"all":true}},"r":{"a":{"all":true}},"u":{"a":{"all":true}}}"#, false),
      (#"{"c":{"a":{"allowed":{"core":true}}},"r":{"a":{"allowed":{"core":true}}}}"#, false),
      (#"{"_":{"u":[["a"]]}}"#, false), ("{}", false), ("[]", false), ("7", false),
    ])
  func admins(text: String, isAdmin: Bool) throws {
    #expect(try permission(text).administers("a") == isAdmin)
    #expect(try !permission(text).administers("b"))
  }

  @Test(
    "What is of another type than it should be grants nothing",
    arguments: [
      #"{"r":{"a":{"all":"true"}}}"#, #"{"r":{"a":{"all":1}}}"#, #"{"r":{"a":true}}"#,
      #"{"r":"a"}"#, #"{"r":{"a":{"allowed":["core"]}}}"#, #"{"_":{"a":"a"}}"#,
      #"{"r":{"a":{"allowed":{"core":"true"}}}}"#,
    ])
  func damaged(text: String) throws {
    #expect(try !permission(text).allows(.read, "core", app: "a"))
  }

  @Test("A document that is written reads the same again")
  func roundTrip() throws {
    var some = Permission(administering: ["a"], using: ["b", "c"])
    some.addReading()
    #expect(Permission(some.document) == some)
    #expect(try permission(some.document.text(escaping: false)) == some)
    #expect(
      Permission().document.text()
        == JSONValue(#"{"c":{},"r":{},"u":{},"d":{},"_":{"a":[],"u":[]}}"#)?.text())
  }

  @Test("Whoever may change something may see it")
  func reading() throws {
    var some = try permission(
      #"{"d":{"a":{"allowed":{"views":true}},"b":{"all":true}},"r":{"a":{"allowed":{"core":true}}}}"#
    )
    some.addReading()
    #expect(some.allows(.read, "views", app: "a"))
    #expect(some.allows(.read, "core", app: "a"))
    #expect(!some.allows(.read, "events", app: "a"))
    #expect(some.allows(.read, "events", app: "b"))
  }
}
