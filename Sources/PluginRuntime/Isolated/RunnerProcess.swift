import CIsolation
import Foundation

/// One runner, from its birth to its end. What it leaves on its outputs, and its end, are noted by
/// the keeper's thread.
final class RunnerProcess: @unchecked Sendable {
  /// How a process ended.
  enum End: Sendable, Equatable {
    case signal(Int32)
    case status(Int32)

    /// For the operator, behind "ended its runner with".
    var words: String {
      switch self {
      case .signal(let number): "signal \(number) (\(Self.names[number] ?? "unnamed"))"
      case .status(let status): "exit(\(status))"
      }
    }

    private static let names: [Int32: String] = [
      SIGSEGV: "SIGSEGV", SIGABRT: "SIGABRT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
      SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGTERM: "SIGTERM",
      SIGSYS: "SIGSYS", SIGXCPU: "SIGXCPU",
    ]
  }

  /// In the order of `Channel`.
  private let channels: [HostExchange]
  let identifier: Int32
  let descriptor: Int32
  private let state = NSCondition()
  private var ended: End?
  /// Why the host ended it; a side that finds it dead then knows that it is not to blame.
  private var sentence: String?
  private var inFlight: Set<Channel> = []
  /// What was in flight when it ended.
  private var inFlightLast: Set<Channel> = []
  private var isFaultNoted = false
  /// Those whose threads said that they ended it.
  private var culprits: Set<Channel> = []
  /// System calls it said were refused so far.
  var refusedCalls: Int {
    get { state.withLock { refused } }
    set { state.withLock { refused = newValue } }
  }
  private var refused = 0
  /// Changed under the lock.
  private var processor: HookProcessor

  init(_ channels: [HostExchange], identifier: Int32, descriptor: Int32) {
    self.channels = channels
    self.identifier = identifier
    self.descriptor = descriptor
    // Hooks run on the first thread of a process.
    processor = HookProcessor(thread: identifier)
  }

  deinit { close(descriptor) }

  subscript(channel: Channel) -> HostExchange { channels[Int(channel.rawValue)] }

  var hooks: HostExchange { self[.hook] }
  var questions: HostExchange { self[.question] }

  /// Runs `body` as a hook that the calling thread waits for.
  func duringHook<T>(_ body: () -> T) -> T {
    // Its number is its own until it is reaped.
    state.withLock { if ended == nil { processor.begin() } }
    defer { state.withLock { processor.end(hooks.lastProcessor) } }
    return body()
  }

  /// Lets the hook run where there is room. For the thread that waits for it.
  func letHookGo() {
    state.withLock { if ended == nil { processor.letGo() } }
  }

  /// Ends it, now. The first reason stays.
  func kill(because reason: String) {
    state.withLock { if sentence == nil, ended == nil { sentence = reason } }
    tally_process_kill(descriptor)
  }

  /// Waits for its end, which must be near.
  func waitForEnd() -> (end: End, sentence: String?) {
    state.lock()
    defer { state.unlock() }
    while true {
      if let ended { return (ended, sentence) }
      state.wait()
    }
  }

  /// Whether it ends by itself in time.
  func waitForEnd(until limit: Date) -> Bool {
    state.withLock {
      while ended == nil { if !state.wait(until: limit) { break } }
      return ended != nil
    }
  }

  var hasEnded: Bool { state.withLock { ended != nil } }

  /// Whether it has ended, not because the host wanted it to, and nobody knows in which call.
  var endedUnexplained: Bool {
    state.withLock { ended != nil && sentence == nil && culprits.isEmpty }
  }

  /// Whether nobody was waiting for it when it ended.
  var endedBetweenCalls: Bool { state.withLock { ended != nil && inFlightLast.isEmpty } }

  /// True for the first who asks: one death is one fault, however many calls were in flight.
  func claimFault() -> Bool {
    state.withLock {
      defer { isFaultNoted = true }
      return !isFaultNoted
    }
  }

  /// Called by the keeper when the process is gone: reaps it.
  func bury() {
    state.withLock {
      var (signal, status): (Int32, Int32) = (0, 0)
      tally_process_reap(descriptor, &signal, &status)
      ended = signal != 0 ? .signal(signal) : .status(status)
      inFlightLast = inFlight
      culprits = Set(Channel.allCases.filter { self[$0].didEndRunner })
      state.broadcast()
    }
  }

  /// Runs `body` as a call on a channel.
  func during<T>(_ channel: Channel, _ body: () -> T) -> T {
    state.withLock { _ = inFlight.insert(channel) }
    defer { state.withLock { _ = inFlight.remove(channel) } }
    return body()
  }

  /// Whether its end is the fault of the call on that channel, which waits for it: its thread said
  /// so, or nobody did and no other call was in flight.
  func isToBlame(_ channel: Channel) -> Bool {
    state.withLock { culprits.isEmpty ? inFlightLast == [channel] : culprits.contains(channel) }
  }
}
