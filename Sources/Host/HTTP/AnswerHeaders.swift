import Synchronization

/// The headers of every answer in force, replaced as a whole when somebody sets others.
final class AnswerHeaders: Sendable {
  private let newest = Atomic<Int>(0)
  private let current = Mutex(AnswerHeader.standard)

  /// Grows with every change; cheap enough to be looked at before each answer.
  var version: Int { newest.load(ordering: .acquiring) }

  var list: [AnswerHeader] { current.withLock { $0 } }

  /// Answers that begin behind the return have these.
  func replace(with headers: [AnswerHeader]) {
    let isNew = current.withLock { current in
      defer { current = headers }
      return current != headers
    }
    if isNew { newest.wrappingAdd(1, ordering: .acquiringAndReleasing) }
  }
}
