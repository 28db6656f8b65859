import Foundation

/// Work for the pipeline's thread between two batches, on the operator's behalf. Whoever asks waits
/// until it is committed.
final class ErrandQueue: @unchecked Sendable {
  /// Errands that may wait; further ones are refused.
  static let waitingMax = 64

  private final class Errand: @unchecked Sendable {
    let body: () throws -> Void
    private let finished = DispatchSemaphore(value: 0)
    private var failure: (any Error)?

    init(_ body: @escaping () throws -> Void) { self.body = body }

    func finish(_ failure: (any Error)?) {
      self.failure = failure
      finished.signal()
    }

    func wait() throws {
      finished.wait()
      if let failure { throw failure }
    }
  }

  private let lock = NSLock()
  private var waiting: [Errand] = []
  private var isClosed = false
  /// Done, and not yet in a flush; then in the flush that is being written. The pipeline's thread.
  private var done: [Errand] = []
  private var committing: [Errand] = []

  /// Has `body` run on the pipeline's thread; returns when what it changed is committed. `wake`
  /// makes the pipeline look. Any thread but the pipeline's.
  func perform<T>(wake: () -> Void, _ body: @escaping () throws -> T) throws -> T {
    var result: T?
    let errand = Errand { result = try body() }
    let refusal: String? = lock.withLock {
      if isClosed { return "the server is stopping; ask again when it runs" }
      if waiting.count >= Self.waitingMax { return "too many commands wait; ask again" }
      waiting.append(errand)
      return nil
    }
    if let refusal { throw CommandError(.control, refusal) }
    wake()
    try errand.wait()
    guard let result else { preconditionFailure("an errand that ended well has a result") }
    return result
  }

  // MARK: The pipeline's thread

  /// Whether something that was done is in no flush yet.
  var hasUncommitted: Bool { !done.isEmpty }

  /// Runs what waits. A refusal goes to whoever asked; a failure of the store is thrown, and
  /// everything begins again without the errands.
  func run() throws {
    let errands = lock.withLock {
      defer { waiting.removeAll() }
      return waiting
    }
    for (place, errand) in errands.enumerated() {
      do {
        try errand.body()
        done.append(errand)
      } catch let refusal as CommandError {
        errand.finish(refusal)
      } catch {
        errands[place...].forEach { $0.finish(Self.storeFailed(error)) }
        throw error
      }
    }
  }

  /// A flush holds everything done so far.
  func flushed() {
    committing += done
    done.removeAll()
  }

  /// The flush is committed.
  func committed() {
    committing.forEach { $0.finish(nil) }
    committing.removeAll()
  }

  /// Everything uncommitted was dropped.
  func dropped(_ error: any Error) {
    (committing + done).forEach { $0.finish(Self.storeFailed(error)) }
    committing.removeAll()
    done.removeAll()
  }

  /// Takes no more.
  func close() {
    let left = lock.withLock {
      isClosed = true
      defer { waiting.removeAll() }
      return waiting
    }
    left.forEach { $0.finish(CommandError(.control, "the server is stopping; ask again")) }
  }

  private static func storeFailed(_ error: any Error) -> CommandError {
    CommandError(.store, "the store failed and nothing was changed: \(error); ask again")
  }
}
