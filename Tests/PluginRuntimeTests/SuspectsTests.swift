import Foundation
import Testing

@testable import PluginRuntime

@Suite("Suspects")
struct SuspectsTests {
  private func death(_ positions: ClosedRange<UInt64>, item: UInt32?) -> Breadcrumb.Death {
    .init(consumer: "views", positions: positions, item: item, signal: 4)
  }

  @Test("One death at a batch makes its range suspect, for its consumer only")
  func firstDeath() {
    var suspects = Suspects()
    suspects.add(death(10...20, item: nil))
    #expect(suspects.wantsSingleItems("views", 20...30))
    #expect(!suspects.wantsSingleItems("views", 21...30))
    #expect(!suspects.wantsSingleItems("events", 20...30))
    #expect(suspects.killer("views", position: 15, item: 0) == nil)
  }

  @Test("A death at a single item convicts that item and no other")
  func secondDeath() {
    var suspects = Suspects()
    suspects.add(death(10...20, item: nil))
    suspects.add(death(15...15, item: 3))
    #expect(suspects.killer("views", position: 15, item: 3) == 4)
    #expect(suspects.killer("views", position: 15, item: 2) == nil)
    #expect(suspects.killer("views", position: 16, item: 3) == nil)
    #expect(suspects.killer("events", position: 15, item: 3) == nil)
  }

  @Test("A commit behind a range settles it, one inside it does not")
  func settling() {
    var suspects = Suspects()
    suspects.add(death(10...20, item: nil))
    let early = suspects.settle(through: 19)
    let late = suspects.settle(through: 20)
    #expect(!early && late)
    #expect(suspects.isEmpty)
  }

  @Test("A request that killed an intake hook is remembered by its hash, whatever is committed")
  func requests() {
    var suspects = Suspects()
    suspects.add(
      .init(consumer: "views/intake", positions: 0...0, item: nil, signal: 11, request: 77))
    #expect(suspects.isEmpty)
    let isSettled = suspects.settle(through: .max)
    #expect(!isSettled)
    #expect(suspects.requests == ["views/intake": [77: 11]])
  }

  @Test("What was saved is read back; a damaged file accuses nobody")
  func file() throws {
    let path = NSTemporaryDirectory() + "suspects-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var suspects = Suspects()
    suspects.add(death(10...20, item: nil))
    try suspects.save(path: path)
    #expect(Suspects(path: path) == suspects)
    try Data("{".utf8).write(to: URL(fileURLWithPath: path))
    #expect(Suspects(path: path).isEmpty)
  }

  @Test("Who was called when the process was killed is suspect when it is killed there again")
  func kills() {
    func kill(_ positions: ClosedRange<UInt64>, item: UInt32?) -> Breadcrumb.Death {
      var kill = death(positions, item: item)
      kill.kills = 1
      return kill
    }
    var suspects = Suspects()
    suspects.add(kill(10...20, item: nil))
    suspects.add(kill(21...30, item: nil))
    #expect(!suspects.wantsSingleItems("views", 10...30))
    suspects.add(kill(15...25, item: nil))
    #expect(suspects.wantsSingleItems("views", 15...15))
    #expect(!suspects.wantsSingleItems("events", 15...15))
    suspects.add(kill(15...15, item: 3))
    #expect(suspects.killer("views", position: 15, item: 3) == nil)
    suspects.add(kill(15...15, item: 3))
    #expect(suspects.killer("views", position: 15, item: 3) == 4)
    let isSettled = suspects.settle(through: 30)
    #expect(isSettled && suspects.isEmpty)
  }

  @Test("Of requests shown to an intake hook, the one it is killed over twice is kept from it")
  func killedRequests() {
    var suspects = Suspects()
    for request in [77, 78, 77] as [UInt64] {
      var kill = Breadcrumb.Death(
        consumer: "views/intake", positions: 0...0, item: nil, signal: 9, request: request)
      kill.kills = 1
      suspects.add(kill)
    }
    #expect(suspects.requests == ["views/intake": [77: 9]])
  }

  @Test("The oldest death gives way at the limit")
  func limit() {
    var suspects = Suspects()
    for position in 1...UInt64(Suspects.deathsMax + 1) {
      suspects.add(death(position...position, item: 0))
    }
    #expect(suspects.killer("views", position: 1, item: 0) == nil)
    #expect(suspects.killer("views", position: 2, item: 0) != nil)
  }
}
