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

  /// Returns when SIGTERM or SIGINT arrives. From the call on they no longer end the process by
  /// themselves.
  static func waitForEnd() async -> Int32 {
    let numbers = [SIGTERM, SIGINT]
    numbers.forEach { signal($0, SIG_IGN) }
    let stream = AsyncStream<Int32> { continuation in
      let sources = numbers.map { number in
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { continuation.yield(number) }
        source.resume()
        return source
      }
      continuation.onTermination = { _ in sources.forEach { $0.cancel() } }
    }
    for await number in stream { return number }
    return SIGTERM
  }
}
