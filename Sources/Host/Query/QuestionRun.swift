import NIOPosix
import PluginRuntime
import Synchronization

/// One question on a read thread, answered in time or given up. A plugin that goes on behind its
/// deadline keeps the thread it has, and nobody else.
final class QuestionRun: Sendable {
  private let waiting: Mutex<CheckedContinuation<QueryReply, Never>?>

  private init(_ continuation: CheckedContinuation<QueryReply, Never>) {
    waiting = Mutex(continuation)
  }

  /// The answer of `body`, or 504 after `deadline`; then, and when the client is gone, whoever still
  /// answers is told so.
  static func answer(
    within deadline: Duration, _ threads: NIOThreadPool, _ cancellation: Cancellation,
    _ body: @escaping @Sendable () -> QueryReply
  ) async -> QueryReply {
    let timer = Mutex<Task<Void, Never>?>(nil)
    defer { timer.withLock { $0?.cancel() } }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let run = QuestionRun(continuation)
        timer.withLock {
          $0 = Task {
            guard (try? await Task.sleep(for: deadline)) != nil else { return }
            cancellation.cancel()
            run.finish(QueryError(code: .deadlinePassed).reply)
          }
        }
        threads.submit { state in
          let isActive = if case .active = state { true } else { false }
          run.finish(isActive ? body() : QueryError(code: .storeFailed).reply)
        }
      }
    } onCancel: {
      cancellation.cancel()
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
