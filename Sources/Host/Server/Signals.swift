@preconcurrency import Dispatch
import Foundation

/// The signals that end the server.
enum Signals {
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
