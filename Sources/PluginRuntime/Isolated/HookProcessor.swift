import CIsolation

/// Brings a runner's thread of hooks and the thread that waits for it together on one processor.
///
/// Only one of the two ever computes, and the batch lies in that processor's cache. There it costs a
/// switch to go over to the other; from one processor to another it costs waking one that sleeps,
/// twice a batch: several times as much, on a machine that has little to do. The scheduler leaves
/// apart whom it finds apart. So where hooks are answered from elsewhere, both stay on one processor
/// for some calls: the runner's thread all the time, the other while it waits. Then the scheduler has
/// them again.
struct HookProcessor {
  /// Calls in a row that were answered from elsewhere. On a busy machine some are now and then.
  static let apartMin = 8
  /// Calls for which both stay together.
  static let callsMax = 256
  /// How long both are left alone when a call took long: others may have wanted the processor.
  static let rest = Duration.seconds(1)
  /// To the kernel: the thread that asks.
  private static let caller: Int32 = 0

  /// Where this process was to run when that was asked first; nil where it cannot be named.
  private static let all: tally_processors? = {
    var all = tally_processors()
    return tally_processors_get(&all) == 0 ? all : nil
  }()

  private let thread: Int32
  /// Where the runner's thread is kept.
  private var kept: Int32 = -1
  private var isWaiterKept = false
  private var callsLeft = 0
  private var apart = 0
  private var restEnd: ContinuousClock.Instant?

  init(thread: Int32) {
    self.thread = thread
  }

  /// Before the calling thread waits for a call.
  mutating func begin(here: Int32 = tally_processor()) {
    guard callsLeft > 0 else { return }
    callsLeft -= 1
    guard callsLeft > 0, let one = tally_processors(only: here) else { return free() }
    let isThere = kept == here || Self.place(thread, one)
    kept = isThere ? here : -1
    isWaiterKept = isThere && Self.place(Self.caller, one)
    if !isWaiterKept { letGo() }
  }

  /// Behind the call, which was answered from a processor.
  mutating func end(_ theirs: Int32, here: Int32 = tally_processor()) {
    if isWaiterKept { return freeWaiter() }
    apart = theirs == here ? 0 : apart + 1
    guard apart >= Self.apartMin, callsLeft == 0, Self.all != nil,
      restEnd.map({ $0 <= .now }) != false
    else { return }
    apart = 0
    callsLeft = Self.callsMax
  }

  /// Lets both go for a while: the call takes long. For who waits for it.
  mutating func letGo() {
    guard callsLeft > 0 else { return }
    callsLeft = 0
    restEnd = .now + Self.rest
    free()
  }

  private mutating func free() {
    freeWaiter()
    if kept >= 0, let all = Self.all { _ = Self.place(thread, all) }
    kept = -1
  }

  private mutating func freeWaiter() {
    if isWaiterKept, let all = Self.all { _ = Self.place(Self.caller, all) }
    isWaiterKept = false
  }

  private static func place(_ thread: Int32, _ processors: tally_processors) -> Bool {
    withUnsafePointer(to: processors) { tally_processors_set(thread, $0) == 0 }
  }
}

extension tally_processors {
  /// One of them; nil when its number is not among those that can be named.
  fileprivate init?(only number: Int32) {
    self.init()
    guard number >= 0, number < Int32(MemoryLayout<Self>.size * 8) else { return nil }
    withUnsafeMutableBytes(of: &self) { bytes in
      bytes.bindMemory(to: UInt64.self)[Int(number) / 64] = 1 << UInt64(number % 64)
    }
  }
}
