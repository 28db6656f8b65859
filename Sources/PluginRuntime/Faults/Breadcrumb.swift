import CBreadcrumb
import Foundation
import Synchronization

/// Names the culprit of an in-process crash at the next start: a mapped file in which each thread
/// that calls hooks says which consumer it calls with which items, before each call, and clears it
/// after.
package final class Breadcrumb: @unchecked Sendable {
  private static let magic: UInt32 = 0x5441_4C5B
  /// Threads that are told apart: the pipeline's and the event loops'. Faults of more are not named.
  package static let threadsMax = 64
  /// Calls beside those threads that are told apart at a time.
  package static let callsMax = 64
  private static let places = threadsMax + callsMax
  private static let fileBytes = places * MemoryLayout<tally_breadcrumb>.stride

  private let crumbs: UnsafeMutablePointer<tally_breadcrumb>
  /// The first is the pipeline's.
  private let taken = Atomic<Int>(1)
  /// Of calls.
  private let free = Mutex(Array(threadsMax..<places))
  /// What the file said when this process opened it: nothing when the last one ended without a
  /// fault.
  package let deaths: [Death]
  /// Calls in the middle of which it was killed, as by the kernel for want of memory. One proves
  /// nothing.
  package let kills: [Death]

  package init(path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0, ftruncate(descriptor, off_t(Self.fileBytes)) == 0 else {
      throw PluginError(
        .startFailed,
        "\(path) cannot be written: \(String(cString: strerror(errno))); check the data folder")
    }
    defer { close(descriptor) }
    guard
      let mapped = mmap(nil, Self.fileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
      mapped != MAP_FAILED
    else {
      throw PluginError(
        .startFailed, "\(path) cannot be mapped: \(String(cString: strerror(errno)))")
    }
    crumbs = mapped.bindMemory(to: tally_breadcrumb.self, capacity: Self.places)
    let left = (0..<Self.places).compactMap { [crumbs] in Self.death(in: crumbs[$0]) }
    deaths = left.filter { $0.kills == nil }
    kills = left.filter { $0.kills != nil }
    for place in 0..<Self.places {
      crumbs[place] = tally_breadcrumb()
      crumbs[place].magic = Self.magic
    }
  }

  deinit { munmap(crumbs, Self.fileBytes) }

  /// From here on, faults of threads that have a crumb are noted, and calls of `exit`.
  package func install() {
    tally_breadcrumb_install()
    // Without it such a call is only not named.
    _ = tally_breadcrumb_note_exits()
  }

  /// Makes the calling thread the pipeline's, whose calls are said by `during`.
  package func enterThread() {
    _ = tally_breadcrumb_enter_thread(crumbs)
    ThreadKind.become(.hook)
  }

  /// Runs `body` as a call of `consumer` on the pipeline's thread; `item` is nil for a whole batch.
  func during<T>(
    _ consumer: StaticName, _ kind: CallKind, _ positions: ClosedRange<UInt64>, item: UInt32?,
    _ body: () -> T
  ) -> T {
    crumbs.during(.init(consumer, kind, positions, item: item), body)
  }

  /// Runs `body` on any thread, as a call about no record of its own. Of more than `callsMax` at a
  /// time some are not named.
  func during<T>(_ call: Call, _ body: () -> T) -> T {
    guard let place = free.withLock({ $0.popLast() }) else { return body() }
    let crumb = crumbs + place
    let before = tally_breadcrumb_use(crumb)
    defer {
      _ = tally_breadcrumb_use(before)
      free.withLock { $0.append(place) }
    }
    return crumb.during(call, body)
  }

  /// The crumb of the calling event loop, taken once by each; nil when there are too many.
  func enterLoop() -> LoopCrumb? {
    let place = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    guard place < Self.threadsMax else { return nil }
    _ = tally_breadcrumb_enter_thread(crumbs + place)
    return LoopCrumb(file: self, crumb: crumbs + place)
  }

  private static func death(in left: tally_breadcrumb) -> Death? {
    guard left.magic == magic, left.calling == 1, left.first_position <= left.last_position else {
      return nil
    }
    let isStuck = left.signal == 0 && left.stuck == left.calls
    let wasKilled = left.signal == 0 && !isStuck
    return Death(
      consumer: withUnsafeBytes(of: left.consumer) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      },
      positions: left.first_position...left.last_position,
      item: left.item == UInt32.max ? nil : left.item,
      signal: isStuck ? TALLY_BREADCRUMB_STUCK : wasKilled ? UInt32(SIGKILL) : left.signal,
      request: left.request == 0 ? nil : left.request, kind: CallKind(index: left.kind),
      kills: wasKilled ? 1 : nil)
  }

  // MARK: Calls that run

  /// A call that runs at this moment.
  struct Running: Equatable {
    /// Where it is said.
    let place: Int
    /// Tells it from others in that place.
    let number: UInt64
  }

  /// What runs; any thread.
  var running: [Running] {
    (0..<Self.places).compactMap { place in
      let number = tally_breadcrumb_running(crumbs + place)
      return number == 0 ? nil : Running(place: place, number: number)
    }
  }

  /// What such a call is about; nil when it has returned.
  func look(at call: Running) -> Call? {
    let crumb = crumbs[call.place]
    guard tally_breadcrumb_running(crumbs + call.place) == call.number,
      crumb.first_position <= crumb.last_position, let kind = CallKind(index: crumb.kind)
    else { return nil }
    var copy = Call(
      StaticName(bytes: withUnsafeBytes(of: crumb.consumer) { Array($0) }), kind,
      crumb.first_position...crumb.last_position,
      item: crumb.item == UInt32.max ? nil : crumb.item)
    (copy.request, copy.patienceMs) = (crumb.request, crumb.patience_ms)
    return copy
  }

  /// If the process ends while it runs, the next start knows that it did not return.
  func noteStuck(_ call: Running) { tally_breadcrumb_note_stuck(crumbs + call.place, call.number) }
}
