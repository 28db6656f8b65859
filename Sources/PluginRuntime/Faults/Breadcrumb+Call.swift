import CBreadcrumb

extension Breadcrumb {
  /// Who is called with what.
  struct Call {
    let consumer: StaticName
    let kind: CallKind
    let positions: ClosedRange<UInt64>
    /// Nil for a whole batch.
    let item: UInt32?
    /// The hash of a request that has no position yet, or the number of the code; else 0.
    var request: UInt64 = 0
    /// What it may take by its own contract.
    var patienceMs: UInt32 = 0

    @inline(__always)
    init(
      _ consumer: StaticName, _ kind: CallKind, _ positions: ClosedRange<UInt64> = 0...0,
      item: UInt32? = nil
    ) {
      (self.consumer, self.kind) = (consumer, kind)
      (self.positions, self.item) = (positions, item)
    }
  }
}

/// Where one event loop says what it calls; confined to it.
struct LoopCrumb {
  /// Keeps it mapped.
  private let file: Breadcrumb
  private let crumb: UnsafeMutablePointer<tally_breadcrumb>

  init(file: Breadcrumb, crumb: UnsafeMutablePointer<tally_breadcrumb>) {
    self.file = file
    self.crumb = crumb
  }

  /// Runs `body` as a call of an intake hook with a request, by its hash: it has no position yet.
  func during<T>(_ consumer: StaticName, request: UInt64, _ body: () -> T) -> T {
    var call = Breadcrumb.Call(consumer, .intake)
    call.request = request
    return crumb.during(call, body)
  }
}

extension UnsafeMutablePointer<tally_breadcrumb> {
  @inline(__always)
  func during<T>(_ call: Breadcrumb.Call, _ body: () -> T) -> T {
    withUnsafeMutableBytes(of: &pointee.consumer) { $0.copyBytes(from: call.consumer.bytes) }
    pointee.first_position = call.positions.lowerBound
    pointee.last_position = call.positions.upperBound
    pointee.item = call.item ?? UInt32.max
    pointee.request = call.request
    pointee.kind = UInt32(call.kind.index)
    pointee.patience_ms = call.patienceMs
    tally_breadcrumb_begin(self)
    defer { tally_breadcrumb_end(self) }
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

  /// As it stands in a page.
  init(bytes: [UInt8]) { self.bytes = bytes }

  /// The plugin's part.
  var plugin: String {
    String(decoding: bytes.prefix { $0 != 0 && $0 != UInt8(ascii: "/") }, as: UTF8.self)
  }
}
