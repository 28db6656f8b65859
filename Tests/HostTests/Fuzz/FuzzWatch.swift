import Foundation
import Synchronization

/// Names the input that is being read when it crashes the process, or never ends.
final class FuzzWatch: @unchecked Sendable {
  static let shared = FuzzWatch()

  /// What an input may take before the process is ended.
  private static let secondsMax = 60.0
  private static let crashes = [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT]
  private static let lineBytes = 128

  /// Written before an input is read, so that a signal handler only has to hand it out.
  private let line = UnsafeMutableRawBufferPointer.allocate(byteCount: lineBytes, alignment: 1)
  private let thread = Atomic<UInt>(0)
  /// When the input began, in nanoseconds; 0 between inputs.
  private let begun = Atomic<UInt64>(0)
  private let isWatching = Atomic(false)
  private let others = UnsafeMutablePointer<sigaction>.allocate(capacity: 64)

  private init() { others.initialize(repeating: sigaction(), count: 64) }

  /// Watches over what `body` reads, on this thread. One run at a time.
  func watch(_ body: () -> Void) {
    thread.store(UInt(pthread_self()), ordering: .sequentiallyConsistent)
    isWatching.store(true, ordering: .sequentiallyConsistent)
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { FuzzWatch.shared.crash($0) }
    action.sa_flags = Int32(bitPattern: UInt32(SA_NODEFER))
    for signal in Self.crashes { sigaction(signal, &action, others + Int(signal)) }
    Thread.detachNewThread { self.guardTime() }
    body()
    isWatching.store(false, ordering: .sequentiallyConsistent)
    for signal in Self.crashes { sigaction(signal, others + Int(signal), nil) }
    thread.store(0, ordering: .sequentiallyConsistent)
  }

  /// Reads one input under its name.
  func read<T>(_ name: String, seed: UInt64, _ body: () -> T) -> T {
    let text = "\nfuzzing \(name): repeat with SEED=\(seed)\n"
    for index in line.indices { line[index] = 0 }
    line.copyBytes(from: text.utf8.prefix(line.count))
    begun.store(Self.now, ordering: .sequentiallyConsistent)
    defer { begun.store(0, ordering: .sequentiallyConsistent) }
    return body()
  }

  private static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }

  private func say() {
    _ = write(STDERR_FILENO, line.baseAddress, line.firstIndex(of: 0) ?? line.count)
  }

  /// Says which input it was, and leaves the rest to whoever was asked before.
  private func crash(_ signal: Int32) {
    if UInt(pthread_self()) == thread.load(ordering: .sequentiallyConsistent) { say() }
    sigaction(signal, others + Int(signal), nil)
    if signal == SIGABRT { raise(signal) }
  }

  private func guardTime() {
    while isWatching.load(ordering: .sequentiallyConsistent) {
      let begun = begun.load(ordering: .sequentiallyConsistent)
      if begun > 0, Double(Self.now &- begun) / 1e9 > Self.secondsMax, Self.now > begun {
        say()
        fatalError("an input was read for more than \(Self.secondsMax) s")
      }
      Thread.sleep(forTimeInterval: 0.5)
    }
  }
}
