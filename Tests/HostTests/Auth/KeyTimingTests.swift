import Foundation
import Store
import Testing

@testable import Host

@Suite(.serialized) struct KeyTimingTests {
  /// The shortest of many rounds: what a busy machine adds only makes rounds longer.
  private func nanoseconds(_ body: () -> Void) -> Double {
    (0..<300).map { _ in
      let start = Clock.monotonicSeconds
      for _ in 0..<50 { body() }
      return (Clock.monotonicSeconds - start) * 1e9 / 50
    }.min() ?? 0
  }

  @Test("How long a wrong key takes says nothing about how much of it is right")
  func timing() throws {
    let store = try Store.open(directory: try TemporaryFolder().path)
    let ada = try store.createMember(NewMember(username: "ada"), nowMs: 1)
    let members = MemberDirectory(try store.members(), vault: store.vault)
    func wrong(after right: Int) -> String {
      let rest = ada.apiKey.dropFirst(right).map { $0 == "0" ? "1" : "0" }.joined()
      return ada.apiKey.prefix(right) + rest
    }
    let keys = [0, 8, 16, 24, 31].map(wrong)
    for key in keys { #expect(members.caller(apiKey: key) == nil) }
    let times = keys.map { key in nanoseconds { _ = members.caller(apiKey: key) } }
    let (least, most) = (times.min() ?? 0, times.max() ?? 0)
    #expect(most < least * 1.3, "\(times)")
  }
}
