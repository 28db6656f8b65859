import FakeHost
import PluginKit
import Testing

@testable import Builtins

/// What requests leave in a user's profile, through the contract.
struct ProfilesTests {
  private func host(_ settings: [String: String] = [:]) -> FakeHost {
    let host = FakeHost()
    #expect(host.start(tallyPluginUsers()) == nil)
    #expect(host.start(tallyPluginProfiles(), settings: settings) == nil)
    return host
  }

  private func profile(_ host: FakeHost) -> [String: ProfileValue] {
    #expect(host.refusals.isEmpty)
    let fields = host.cell("profiles").withUnsafeBytes { ProfileFields(cell: $0) }
    return Dictionary(
      uniqueKeysWithValues: fields.all.filter { $0.name != ProfileFields.changed }
        .map { ($0.name, $0.value) })
  }

  private func custom(_ steps: Value..., settings: [String: String] = [:]) -> ProfileValue? {
    let host = host(settings)
    for step in steps { host.accept(FakeItem(["user_details": ["custom": ["k": step]]])) }
    return profile(host)["custom.k"]
  }

  @Test("The standard properties are kept, and nothing deletes them")
  func standard() {
    let host = host()
    host.accept(
      FakeItem([
        "user_details": [
          "name": "Ada", "username": "ada", "email": "ada@example.org", "organization": "AE",
          "phone": 49123, "picture": "https://example.org/a.png", "gender": "F", "byear": "1990",
          "nickname": "A",
        ]
      ]))
    #expect(
      profile(host) == [
        "name": .text("Ada"), "username": .text("ada"), "email": .text("ada@example.org"),
        "organization": .text("AE"), "phone": .text("49123"),
        "picture": .text("https://example.org/a.png"), "gender": .text("F"), "byear": .int(1990),
        "hasInfo": .bool(true),
      ])
    host.accept(
      FakeItem(["user_details": ["name": "", "byear": .null, "gender": "X", "email": ["a"]]]))
    #expect(profile(host)["name"] == nil)
    #expect(profile(host)["byear"] == nil)
    #expect(profile(host)["gender"] == .text("F"))
    #expect(profile(host)["email"] == .text("ada@example.org"))
  }

  @Test("Custom properties hold scalars and arrays of them")
  func plainCustom() {
    #expect(custom("pro") == .text("pro"))
    #expect(custom(2.5) == .double(2.5))
    #expect(custom(true) == .bool(true))
    #expect(custom(["a", 1, ["x"]]) == .list([.text("a"), .int(1)]))
    #expect(custom("pro", "") == nil)
    #expect(custom("pro", .null) == nil)
    #expect(custom("pro", ["a": 1]) == .text("pro"))
  }

  @Test(
    "$inc and $mul calculate; what is absent or no number is 0",
    arguments: [
      ([["$inc": 2]], .int(2)), ([5, ["$inc": -7]], .int(-2)), (["3", ["$inc": 1]], .int(4)),
      (["x", ["$inc": 1]], .int(1)), ([5, ["$inc": "x"]], .int(5)), ([["$mul": 3]], .int(0)),
      ([2, ["$mul": 1.5]], .int(3)), ([1, ["$inc": 0.5]], .double(1.5)),
      ([1e308, ["$mul": 1e308]], .double(1e308)),
    ] as [([Value], ProfileValue)])
  func calculating(steps: [Value], result: ProfileValue) {
    let host = host()
    for step in steps { host.accept(FakeItem(["user_details": ["custom": ["k": step]]])) }
    #expect(profile(host)["custom.k"] == result)
  }

  @Test("$max and $min keep one of two numbers")
  func extremes() {
    #expect(custom(["$max": 3]) == .int(3))
    #expect(custom(5, ["$max": 3]) == .int(5))
    #expect(custom(5, ["$max": 7]) == .int(7))
    #expect(custom(5, ["$min": 3]) == .int(3))
    #expect(custom(2, ["$min": 3]) == .int(2))
    #expect(custom("x", ["$min": 3]) == .int(3))
  }

  @Test("$setOnce sets what is absent, $unset deletes")
  func once() {
    #expect(custom(["$setOnce": "a"], ["$setOnce": "b"]) == .text("a"))
    #expect(custom("a", ["$unset": ""]) == nil)
    #expect(custom("a", ["$unset": ""], ["$setOnce": "b"]) == .text("b"))
  }

  @Test("$push appends, $addToSet appends what is not there, $pull removes all equal")
  func lists() {
    let ab: ProfileValue = .list([.text("a"), .text("b")])
    #expect(custom(["$push": "a"], ["$push": ["b"]]) == ab)
    #expect(custom("a", ["$push": "b"]) == ab)
    #expect(custom(["$push": ["a", "a"]]) == .list([.text("a"), .text("a")]))
    #expect(custom(["$addToSet": ["a", "b", "a"]], ["$addToSet": "b"]) == ab)
    #expect(custom(["a", "c", "b", "c"], ["$pull": "c"]) == ab)
    #expect(custom("c", ["$pull": ["c", "d"]]) == nil)
    #expect(custom(["$pull": "c"]) == nil)
  }

  @Test("Several operators of one key are done as they are written, unknown ones not at all")
  func several() {
    #expect(custom(["$inc": 2, "$mul": 5, "$sqrt": 9]) == .int(10))
    #expect(custom(["$push": "a", "$addToSet": "a", "$pull": "b"]) == .list([.text("a")]))
  }

  @Test("Limits: of values the newest stay, of properties the first, texts are cut")
  func limits() {
    let two = ["custom_values_max": "2", "property_bytes_max": "16", "custom_properties_max": "1"]
    #expect(custom(["$push": ["a", "b", "c"]], settings: two) == .list([.text("b"), .text("c")]))
    #expect(custom("0123456789abcdefg", settings: two) == .text("0123456789abcdef"))
    let host = host(two)
    host.accept(FakeItem(["user_details": ["custom": ["first": 1, "second": 2]]]))
    host.accept(FakeItem(["user_details": ["custom": ["first": 3]]]))
    #expect(profile(host) == ["custom.first": .int(3), "hasInfo": .bool(true)])
  }

  @Test("A name that would open a level or be an operator is cleaned")
  func names() {
    let host = host()
    host.accept(FakeItem(["user_details": ["custom": ["$a.b": 1, ".": 2]]]))
    #expect(profile(host) == ["custom.ab": .int(1), "hasInfo": .bool(true)])
  }

  @Test("What does not fit a cell is not taken, and what is there stays")
  func full() {
    let host = host(["custom_properties_max": "200", "property_bytes_max": "4096"])
    let long = Value.string(String(repeating: "x", count: 4_096))
    for number in 0..<30 {
      host.accept(FakeItem(["user_details": ["custom": ["k\(number)": long]]]))
    }
    let kept = profile(host)
    #expect(kept["custom.k0"] != nil)
    #expect(kept.keys.count { $0.hasPrefix("custom.") } == 14)
  }
}
