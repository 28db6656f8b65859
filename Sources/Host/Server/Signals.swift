@preconcurrency import Dispatch
import Foundation

/// The signals that the server obeys.
enum Signals {
  /// Calls `body` at each SIGHUP, on a thread of its own, until the answer is cancelled.
  static func onHangUp(_ body: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
    signal(SIGHUP, SIG_IGN)
    let source = DispatchSource.makeSignalSource(
      signal: SIGHUP, queue: DispatchQueue(label: "hang-up"))
    source.setEventHandler(handler: body)
    source.resume()
    return source
  }

  /// Those that ask for the end.
  static let end = [SIGTERM, SIGINT]

  /// Hears signals: from the answer on they no longer end the process by themselves, and none is lost.
  /// Ignoring them before they are heard would lose those that come in between.
  static func hear(_ numbers: [Int32]) async -> AsyncStream<Int32> {
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    let sources = numbers.map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      return source
    }
    continuation.onTermination = { _ in sources.forEach { $0.cancel() } }
    for source in sources {
      await withCheckedContinuation { registered in
        source.setRegistrationHandler { registered.resume() }
        source.resume()
      }
    }
    return stream
  }
}
