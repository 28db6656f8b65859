import Testing

@testable import Builtins

/// Two profiles that become one.
struct ProfileMergeTests {
  private let limits = ProfileLimits(propertiesMax: 3, valuesMax: 3, valueBytesMax: 64)

  private func profile(
    _ atMs: Int64, _ members: KeyValuePairs<String, ProfileValue>
  ) -> ProfileFields {
    var fields = ProfileFields()
    for (name, value) in members { fields[name] = value }
    fields[ProfileFields.changed] = .int(atMs)
    return fields
  }

  private func merged(
    _ from: ProfileFields, _ into: ProfileFields, bytesMax: Int = 60_000
  ) -> ProfileFields {
    ProfileFields.merged(from, into, limits, bytesMax: bytesMax)
  }

  @Test("Of two profiles the later one's values stand, gaps are filled, lists are joined")
  func merging() {
    var base = ProfileFields()
    base[ProfileFields.changed] = .int(2)
    base["name"] = .text("Ada")
    base["custom.tags"] = .list([.text("a"), .text("b")])
    base["loc.geo"] = .list([.double(1), .double(2)])
    var other = ProfileFields()
    other[ProfileFields.changed] = .int(1)
    other["name"] = .text("Eve")
    other["custom.plan"] = .text("pro")
    other["custom.tags"] = .list([.text("b"), .text("c")])
    other["loc.geo"] = .list([.double(3), .double(4)])
    let merged = self.merged(base, other)
    #expect(Set(self.merged(other, base).all.map(\.name)) == Set(merged.all.map(\.name)))
    #expect(self.merged(other, base)["name"] == .text("Ada"))
    #expect(merged["name"] == .text("Ada"))
    #expect(merged["custom.plan"] == .text("pro"))
    #expect(merged["custom.tags"] == .list([.text("a"), .text("b"), .text("c")]))
    #expect(merged["loc.geo"] == .list([.double(1), .double(2)]))
    #expect(merged["hasInfo"] == .bool(true))
  }

  @Test("The one that changed last wins, whoever is merged into whom; of equals the one that stays")
  func winner() {
    let (early, late) = (
      profile(1, ["name": .text("Ada"), "email": .text("a@x")]),
      profile(2, ["name": .text("Bea"), "consent.push": .bool(false)])
    )
    for both in [merged(early, late), merged(late, early)] {
      #expect(both["name"] == .text("Bea"))
      #expect(both["email"] == .text("a@x"))
      #expect(both["consent.push"] == .bool(false))
      #expect(both["hasInfo"] == .bool(true))
      #expect(both[ProfileFields.changed] == .int(2))
    }
    let same = merged(profile(1, ["name": .text("x")]), profile(1, ["name": .text("y")]))
    #expect(same["name"] == .text("y"))
  }

  @Test("Custom lists are united, of too many values the winner's stay; scalars and places are not")
  func lists() {
    func list(_ texts: String...) -> ProfileValue { .list(texts.map { .text($0) }) }
    let both = merged(
      profile(1, ["custom.l": list("a", "b"), "custom.s": list("q"), "loc.geo": list("1")]),
      profile(2, ["custom.l": list("b", "c", "d"), "custom.s": .text("p"), "loc.geo": list("2")]))
    #expect(both["custom.l"] == list("b", "c", "d"))
    #expect(both["custom.s"] == .text("p"))
    #expect(both["loc.geo"] == list("2"))
    let short = merged(profile(1, ["custom.l": list("a")]), profile(2, ["custom.l": list("b")]))
    #expect(short["custom.l"] == list("b", "a"))
  }

  @Test("Limits hold: of properties those of the winner, of bytes what fits")
  func limited() {
    let winner = profile(2, ["custom.a": .int(1), "custom.b": .int(2)])
    let other = profile(
      1, ["custom.c": .int(3), "custom.d": .int(4), "picture": .text("p"), "name": .text("n")])
    let both = merged(other, winner)
    #expect(both.count(of: CustomProperties.prefix) == 3)
    #expect(both["custom.c"] == .int(3))
    #expect(both["picture"] == .text("p"))
    let tight = merged(other, winner, bytesMax: winner.cell.count + 30)
    #expect(tight["custom.c"] == .int(3))
    #expect(tight["picture"] == nil)
    #expect(tight.cell.count <= winner.cell.count + 30)
  }

  @Test("Who opted out of places is not given the other's")
  func places() {
    let place = profile(1, ["loc.gps": .bool(true), "rgn": .text("BE")])
    let optedOut = profile(2, ["rgn": .text("Unknown")])
    #expect(merged(place, optedOut)["loc.gps"] == nil)
    #expect(merged(place, profile(2, ["name": .text("n")]))["loc.gps"] == .bool(true))
    #expect(merged(place, profile(2, ["name": .text("n")]))["rgn"] == .text("BE"))
  }
}
