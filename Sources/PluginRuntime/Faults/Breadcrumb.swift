import CBreadcrumb
import Foundation
import Synchronization

/// Names the culprit of an in-process crash at the next start: a mapped file in which each thread
/// that calls hooks says which consumer it calls with which items, before each call, and clears it
/// after.
package final class Breadcrumb: @unchecked Sendable {
  private static let magic: UInt32 = 0x5441_4C5A
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

  /// A fault inside a call.
  package struct Death: Codable, Equatable, Sendable {
    package let consumer: String
    /// 0 to 0 for what has none.
    package let positions: ClosedRange<UInt64>
    /// The item inside its request, or nil when the whole batch was being counted.
    package let item: UInt32?
    package let signal: UInt32
    /// The hash of the request that an intake hook looked at; the number of the code in a call that
    /// is about no record of its own.
    package var request: UInt64?

    /// Whom it is blamed on.
    package var plugin: String { String(consumer.prefix { $0 != "/" }) }

    /// What was called, where that is about no record of its own.
    package var role: CallCrumb.Role? {
      consumer.split(separator: "/").last.flatMap { CallCrumb.Role(rawValue: String($0)) }
    }
  }

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
    deaths = (0..<Self.places).compactMap { [crumbs] in Self.death(in: crumbs[$0]) }
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

  /// How a call ended the process, for the operator: "with …".
  package static func words(_ signal: UInt32) -> String {
    signal == TALLY_BREADCRUMB_EXIT
      ? "a call of exit()" : RunnerProcess.End.signal(Int32(clamping: signal)).words
  }

  /// Makes the calling thread the pipeline's, whose calls are said by `during`.
  package func enterThread() {
    _ = tally_breadcrumb_enter_thread(crumbs)
    ThreadKind.become(.hook)
  }

  /// Runs `body` as a call of `consumer` on the pipeline's thread; `item` is nil for a whole batch.
  func during<T>(
    _ consumer: StaticName, _ positions: ClosedRange<UInt64>, item: UInt32?, _ body: () -> T
  ) -> T {
    crumbs.during(consumer, positions, item: item, request: 0, body)
  }

  /// Runs `body` as a call about no record of its own, on any thread; `code` tells which code is
  /// called. Of more than `callsMax` at a time some are not named.
  func during<T>(
    _ consumer: StaticName, _ positions: ClosedRange<UInt64>, code: UInt64, _ body: () -> T
  ) -> T {
    guard let place = free.withLock({ $0.popLast() }) else { return body() }
    let crumb = crumbs + place
    let before = tally_breadcrumb_use(crumb)
    defer {
      _ = tally_breadcrumb_use(before)
      free.withLock { $0.append(place) }
    }
    return crumb.during(consumer, positions, item: nil, request: code, body)
  }

  /// The crumb of the calling event loop, taken once by each; nil when there are too many.
  func enterLoop() -> LoopCrumb? {
    let place = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    guard place < Self.threadsMax else { return nil }
    _ = tally_breadcrumb_enter_thread(crumbs + place)
    return LoopCrumb(file: self, crumb: crumbs + place)
  }

  private static func death(in left: tally_breadcrumb) -> Death? {
    guard left.magic == magic, left.calling == 1, left.signal != 0,
      left.first_position <= left.last_position
    else { return nil }
    return Death(
      consumer: withUnsafeBytes(of: left.consumer) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      },
      positions: left.first_position...left.last_position,
      item: left.item == UInt32.max ? nil : left.item, signal: left.signal,
      request: left.request == 0 ? nil : left.request)
  }
}

/// Where one event loop says what it calls; confined to it.
struct LoopCrumb {
  /// Keeps it mapped.
  private let file: Breadcrumb
  private let crumb: UnsafeMutablePointer<tally_breadcrumb>

  fileprivate init(file: Breadcrumb, crumb: UnsafeMutablePointer<tally_breadcrumb>) {
    self.file = file
    self.crumb = crumb
  }

  /// Runs `body` as a call of `consumer` with a request, by its hash: it has no position yet.
  func during<T>(_ consumer: StaticName, request: UInt64, _ body: () -> T) -> T {
    crumb.during(consumer, 0...0, item: nil, request: request, body)
  }
}

extension UnsafeMutablePointer<tally_breadcrumb> {
  fileprivate func during<T>(
    _ consumer: StaticName, _ positions: ClosedRange<UInt64>, item: UInt32?, request: UInt64,
    _ body: () -> T
  ) -> T {
    withUnsafeMutableBytes(of: &pointee.consumer) { $0.copyBytes(from: consumer.bytes) }
    pointee.first_position = positions.lowerBound
    pointee.last_position = positions.upperBound
    pointee.item = item ?? UInt32.max
    pointee.request = request
    pointee.calling = 1
    defer { pointee.calling = 0 }
    return body()
  }
}

/// A consumer's name as the page holds it, made once so that a call only copies bytes.
struct StaticName {
  let bytes: [UInt8]

  init(_ name: String) {
    let capacity = MemoryLayout.size(ofValue: tally_breadcrumb().consumer)
    let text = Array(name.utf8.prefix(capacity - 1))
    bytes = text + [UInt8](repeating: 0, count: capacity - text.count)
  }
}
