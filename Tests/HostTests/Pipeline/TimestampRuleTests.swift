import Testing

@testable import Host

@Suite("Timestamps")
struct TimestampRuleTests {
  private let rule = TimestampRule(retentionMonths: 14)
  private static let receivedMs: Int64 = 1_717_243_260_000

  private func judge(_ sent: LooseNumber?) -> TimestampRule.Verdict {
    rule.judge(sent, receivedMs: Self.receivedMs, otherwise: 42)
  }

  @Test(
    "Ten digits are seconds, thirteen are milliseconds",
    arguments: [
      (.whole(1_717_243_200), 1_717_243_200_000), (.whole(1_717_243_200_123), 1_717_243_200_123),
      (.decimal(1_717_243_200.123), 1_717_243_200_123),
      (.decimal(1_717_243_200.9996), 1_717_243_201_000),
      (.decimal(1_717_243_200_123.9), 1_717_243_200_123),
    ] as [(LooseNumber, Int64)])
  func digits(_ sent: LooseNumber, _ ms: Int64) {
    #expect(judge(sent) == .init(ms: ms))
  }

  @Test("Without a time, that of what it belongs to stands")
  func absent() {
    #expect(judge(nil) == .init(ms: 42))
  }

  @Test(
    "Anything else is no time",
    arguments: [
      TimestampRule.unreadable, .whole(0), .whole(-1_717_243_200), .whole(171_724_320),
      .whole(17_172_432_001),
      .whole(171_724_320_012), .whole(17_172_432_001_234), .whole(.max), .whole(.min),
      .decimal(1e300), .decimal(-1e300), .decimal(0.5), .decimal(171_724_320_012.5),
    ] as [LooseNumber])
  func none(_ sent: LooseNumber) {
    #expect(judge(sent) == .init(ms: 42, moved: .fromNowhere))
  }

  @Test("The future becomes the time of receipt, the far past the edge of what is kept")
  func moved() {
    let edge = Self.receivedMs - 14 * 31 * 86_400_000
    #expect(judge(.whole(Self.receivedMs)) == .init(ms: Self.receivedMs))
    #expect(judge(.whole(Self.receivedMs + 1)) == .init(ms: Self.receivedMs, moved: .fromFuture))
    #expect(judge(.whole(9_999_999_999)) == .init(ms: Self.receivedMs, moved: .fromFuture))
    #expect(judge(.whole(edge)) == .init(ms: edge))
    #expect(judge(.whole(edge - 1)) == .init(ms: edge, moved: .fromPast))
    #expect(judge(.whole(1_000_000_000)) == .init(ms: edge, moved: .fromPast))
  }
}
