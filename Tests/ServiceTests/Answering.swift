@testable import Host

extension OwnRoutes {
  /// The answer, which this thread waits for.
  func answer(_ request: QueryRequest) -> QueryReply {
    begin(request).reply(behind: threads.gate)
  }
}

extension QuestionStep {
  /// The answer, which this thread waits for.
  func reply(behind gate: CommitGate) -> QueryReply {
    switch self {
    case .answered(let reply): return reply
    case .behind(let position, let rest):
      gate.wait(for: position)
      return rest()
    }
  }
}
