import PluginRuntime
import Synchronization

/// Where questions are answered: on few threads, none of which waits for a commit.
struct QuestionThreads: Sendable {
  let pool: ReadPool
  let gate: CommitGate
}

extension Core {
  /// Where its questions are answered.
  var questions: QuestionThreads { QuestionThreads(pool: readers, gate: pipeline.gate) }
}

/// How far a question got on a read thread.
enum QuestionStep: Sendable {
  case answered(QueryReply)
  /// Goes on behind the commit of a position, or when the longest wait for it is over.
  case behind(UInt64, @Sendable () -> QueryReply)
}

/// One question, answered in time or given up. A plugin that goes on behind its deadline keeps the
/// thread it has, and nobody else.
final class QuestionRun: Sendable {
  private static let sleepStep = Duration.milliseconds(250)

  private let threads: QuestionThreads
  private let waiting: Mutex<CheckedContinuation<QueryReply, Never>?>

  private init(_ threads: QuestionThreads, _ continuation: CheckedContinuation<QueryReply, Never>) {
    self.threads = threads
    waiting = Mutex(continuation)
  }

  /// The answer of `body`, or 504 after `deadline`; then, and when the client is gone, whoever still
  /// answers is told so.
  static func answer(
    within deadline: Duration, _ threads: QuestionThreads, _ cancellation: Cancellation,
    _ body: @escaping @Sendable () -> QuestionStep
  ) async -> QueryReply {
    let timer = Mutex<Task<Void, Never>?>(nil)
    defer { timer.withLock { $0?.cancel() } }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let run = QuestionRun(threads, continuation)
        timer.withLock {
          $0 = Task {
            guard (try? await sleep(for: deadline)) != nil else { return }
            cancellation.cancel()
            run.finish(QueryError(code: .deadlinePassed).reply)
          }
        }
        run.step(body)
      }
    } onCancel: {
      cancellation.cancel()
    }
  }

  /// Sleeps. Of time in which the process or the machine stands still it counts a step at most: who
  /// answers stood still, too.
  private static func sleep(for duration: Duration) async throws {
    var left = duration
    while left > .zero {
      let step = min(left, sleepStep)
      try await Task.sleep(for: step, clock: .suspending)
      left -= step
    }
  }

  /// Does `body` on a thread. What has to wait for a commit lets the thread go meanwhile.
  private func step(_ body: @escaping @Sendable () -> QuestionStep) {
    threads.pool.submit { [self] isActive in
      guard isActive else { return finish(QueryError(code: .storeFailed).reply) }
      switch body() {
      case .answered(let reply): finish(reply)
      case .behind(let position, let rest):
        if threads.gate.has(position) { return finish(rest()) }
        threads.gate.after(position) { self.step { .answered(rest()) } }
      }
    }
  }

  /// The first to come answers.
  private func finish(_ reply: QueryReply) {
    let continuation = waiting.withLock { waiting in
      defer { waiting = nil }
      return waiting
    }
    continuation?.resume(returning: reply)
  }
}
