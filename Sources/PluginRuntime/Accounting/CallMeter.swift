import Foundation
import Synchronization

/// What calls of one kind cost one plugin: two looks at the clock and seven additions a call.
package final class CallMeter: Sendable {
  /// What was counted so far.
  package struct Reading: Codable, Equatable, Sendable {
    package let calls: Int
    package let items: Int
    package let events: Int
    package let errors: Int
    package let nanoseconds: Int
    package let p50: UInt64
    package let p99: UInt64

    enum CodingKeys: String, CodingKey {
      case calls, items, events, errors
      case nanoseconds = "time_ns"
      case p50 = "p50_ns"
      case p99 = "p99_ns"
    }
  }

  private let calls = Atomic<Int>(0)
  private let items = Atomic<Int>(0)
  private let events = Atomic<Int>(0)
  private let errors = Atomic<Int>(0)
  private let nanoseconds = Atomic<Int>(0)
  /// Made with the first call: most kinds of calls never happen to a plugin.
  /// An address, because the standard library's lazy reference is looked at by a call into it.
  private let durations = Atomic<Int>(0)

  deinit { Self.reference(durations.load(ordering: .relaxed))?.release() }

  private static func reference(_ address: Int) -> Unmanaged<Histogram>? {
    UnsafeRawPointer(bitPattern: address).map { Unmanaged.fromOpaque($0) }
  }

  /// A moment to measure from.
  @inline(__always)
  package static func now() -> UInt64 { clock_gettime_nsec(CLOCK_MONOTONIC) }

  /// Adds a call of the pipeline's thread, which is the only one that calls this; answers how long
  /// it took.
  @inline(__always)
  @discardableResult
  func recordAlone(since begun: UInt64, items: Int, events: Int, failed: Bool) -> UInt64 {
    let time = Self.now() &- begun
    calls.addAlone(1)
    self.items.addAlone(items)
    self.events.addAlone(events)
    nanoseconds.addAlone(Int(truncatingIfNeeded: time))
    histogram.recordAlone(time)
    if failed { errors.addAlone(1) }
    return time
  }

  /// As `recordAlone`, for a call of any thread. Not for a meter that `recordAlone` writes.
  @discardableResult
  package func record(
    since begun: UInt64, items: Int = 0, events: Int = 0, failed: Bool
  ) -> UInt64 {
    let time = Self.now() &- begun
    calls.wrappingAdd(1, ordering: .relaxed)
    if items > 0 { self.items.wrappingAdd(items, ordering: .relaxed) }
    if events > 0 { self.events.wrappingAdd(events, ordering: .relaxed) }
    nanoseconds.wrappingAdd(Int(truncatingIfNeeded: time), ordering: .relaxed)
    histogram.record(time)
    if failed { errors.wrappingAdd(1, ordering: .relaxed) }
    return time
  }

  @inline(__always)
  private var histogram: Histogram { known ?? made() }

  @inline(__always)
  private var known: Histogram? {
    Self.reference(durations.load(ordering: .acquiring))?.takeUnretainedValue()
  }

  @inline(never)
  private func made() -> Histogram {
    let histogram = Histogram()
    let kept = Unmanaged.passRetained(histogram)
    let (isFirst, other) = durations.compareExchange(
      expected: 0, desired: Int(bitPattern: kept.toOpaque()), ordering: .acquiringAndReleasing)
    if isFirst { return histogram }
    kept.release()
    return Self.reference(other)?.takeUnretainedValue() ?? histogram
  }

  package var reading: Reading {
    let quantiles = known?.quantiles([0.5, 0.99]) ?? [0, 0]
    return Reading(
      calls: calls.load(ordering: .relaxed), items: items.load(ordering: .relaxed),
      events: events.load(ordering: .relaxed), errors: errors.load(ordering: .relaxed),
      nanoseconds: nanoseconds.load(ordering: .relaxed), p50: quantiles[0], p99: quantiles[1])
  }
}

@inline(__always)
private func clock_gettime_nsec(_ clock: clockid_t) -> UInt64 {
  var time = timespec()
  clock_gettime(clock, &time)
  return UInt64(bitPattern: Int64(time.tv_sec)) &* 1_000_000_000
    &+ UInt64(bitPattern: Int64(time.tv_nsec))
}
