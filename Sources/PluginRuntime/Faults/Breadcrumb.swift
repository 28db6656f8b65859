import CBreadcrumb
import Foundation

/// Names the culprit of an in-process crash at the next start: a mapped page that says which
/// consumer was called with which items, set before and cleared after each call.
package final class Breadcrumb: @unchecked Sendable {
  private static let magic: UInt32 = 0x5441_4C59
  private static let fileBytes = 4096

  private let page: UnsafeMutablePointer<tally_breadcrumb>
  /// What the page said when this process opened it, or nil when the last one ended without a
  /// fault.
  package let death: Death?

  /// A fault inside a call.
  package struct Death: Codable, Equatable, Sendable {
    package let consumer: String
    package let positions: ClosedRange<UInt64>
    /// The item inside its request, or nil when the whole batch was being counted.
    package let item: UInt32?
    package let signal: UInt32
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
    page = mapped.bindMemory(to: tally_breadcrumb.self, capacity: 1)
    death = Self.death(in: page)
    page.pointee = tally_breadcrumb()
    page.pointee.magic = Self.magic
  }

  deinit { munmap(page, Self.fileBytes) }

  /// From here on, faults of threads that called `enterThread` are noted.
  package func install() {
    tally_breadcrumb_install(page)
  }

  /// Makes the calling thread the one whose faults are blamed on consumers.
  package func enterThread() {
    _ = tally_breadcrumb_enter_thread()
    ThreadKind.become(.hook)
  }

  /// Runs `body` as a call of `consumer`; `item` is nil for a whole batch.
  func during<T>(
    _ consumer: StaticName, _ positions: ClosedRange<UInt64>, item: UInt32?, _ body: () -> T
  ) -> T {
    withUnsafeMutableBytes(of: &page.pointee.consumer) { $0.copyBytes(from: consumer.bytes) }
    page.pointee.first_position = positions.lowerBound
    page.pointee.last_position = positions.upperBound
    page.pointee.item = item ?? UInt32.max
    page.pointee.calling = 1
    defer { page.pointee.calling = 0 }
    return body()
  }

  private static func death(in page: UnsafeMutablePointer<tally_breadcrumb>) -> Death? {
    let left = page.pointee
    guard left.magic == magic, left.calling == 1, left.signal != 0,
      left.first_position <= left.last_position
    else { return nil }
    return Death(
      consumer: withUnsafeBytes(of: left.consumer) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      },
      positions: left.first_position...left.last_position,
      item: left.item == UInt32.max ? nil : left.item, signal: left.signal)
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
