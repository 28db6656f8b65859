import PluginKit

/// What is remembered of a user: the last view of the open session, and the exit that was counted
/// when one closed. Fixed layout without padding, little-endian.
struct VisitCell: BitwiseCopyable, Equatable {
  fileprivate static let version: UInt32 = 1

  private var version = VisitCell.version
  /// Views of the open session.
  var views: UInt32 = 0
  /// The session the last view belongs to; 0 for none.
  var session: UInt64 = 0
  /// The last view of that session.
  var last = SeenView()
  /// The session that was counted as left; 0 for none.
  var exitSession: UInt64 = 0
  var exitHour: Int32 = 0
  var exitViews: UInt32 = 0
  /// The view it was left from.
  var exit = SeenView()
  /// The user's first session.
  var firstSession: UInt64 = 0

  init() {}

  /// The stored cell; an empty one when there is none that this code can read.
  init(_ stored: UnsafeRawBufferPointer) {
    guard stored.count >= MemoryLayout<VisitCell>.size else { return }
    let cell = stored.loadUnaligned(as: VisitCell.self)
    if cell.version == Self.version { self = cell }
  }

  /// Two users are one: as sessions are merged, of two that are open or were left the later one.
  func merged(with other: VisitCell) -> VisitCell {
    var both = session < other.session ? other : self
    let left = exitSession < other.exitSession ? other : self
    (both.exitSession, both.exit) = (left.exitSession, left.exit)
    (both.exitHour, both.exitViews) = (left.exitHour, left.exitViews)
    let firsts = [firstSession, other.firstSession].filter { $0 != 0 }
    both.firstSession = firsts.min() ?? 0
    return both
  }

  /// Whether a fact opens, extends or closes a session, so that an item without views matters.
  static func isTouched(_ fact: SessionFact) -> Bool { !fact.flags.isEmpty }
}

/// The views of the session at hand, each once. Stored behind the cell: session, then ids.
struct SessionViews: Equatable {
  /// Views of one session that are told apart; of further ones no session is counted.
  static let idsMax = 256

  private var session: UInt64 = 0
  private var ids: [UInt64] = []

  init() {}

  /// As `VisitCell` is stored; empty when there is nothing this code can read.
  init(_ stored: UnsafeRawBufferPointer) {
    let start = MemoryLayout<VisitCell>.size
    guard stored.count >= start + 8, stored.loadUnaligned(as: UInt32.self) == VisitCell.version
    else { return }
    session = stored.loadUnaligned(fromByteOffset: start, as: UInt64.self)
    ids = stride(from: start + 8, through: stored.count - 8, by: 8).map {
      stored.loadUnaligned(fromByteOffset: $0, as: UInt64.self)
    }
  }

  /// Those of the session that goes on, of two that are closed the later one.
  func merged(with other: SessionViews, open: UInt64) -> SessionViews {
    if open != 0 { return other.session == open ? other : self }
    return session < other.session ? other : self
  }

  func has(_ id: UInt64) -> Bool { ids.contains(id) }

  /// Whether the view is the first of its kind in that session; never outside of one.
  mutating func add(_ id: UInt64, session: UInt64) -> Bool {
    guard session != 0 else { return false }
    if session != self.session { (self.session, ids) = (session, []) }
    guard ids.count < Self.idsMax, !ids.contains(id) else { return false }
    ids.append(id)
    return true
  }

  /// Lends the bytes of both for the length of a call.
  func write(behind cell: VisitCell, _ body: (UnsafeRawBufferPointer) -> Void) {
    let start = MemoryLayout<VisitCell>.size
    let count = start + (ids.isEmpty ? 0 : 8 + ids.count * 8)
    withUnsafeTemporaryAllocation(byteCount: count, alignment: 8) { bytes in
      bytes.storeBytes(of: cell, as: VisitCell.self)
      for (place, word) in ([session] + ids).enumerated() where !ids.isEmpty {
        bytes.storeBytes(of: word, toByteOffset: start + place * 8, as: UInt64.self)
      }
      body(UnsafeRawBufferPointer(bytes))
    }
  }
}

/// A view and the platform it was seen on: 40 bytes.
struct SeenView: BitwiseCopyable, Equatable {
  var id: UInt64 = 0
  private var length: UInt64 = 0
  private var first: UInt64 = 0
  private var second: UInt64 = 0
  private var third: UInt64 = 0

  init() {}

  init(_ view: View) {
    id = view.id
    length = UInt64(view.platform.count)
    withUnsafeMutableBytes(of: &first) { $0.copyBytes(from: view.platform.bytes.prefix(8)) }
    withUnsafeMutableBytes(of: &second) {
      $0.copyBytes(from: view.platform.bytes.dropFirst(8).prefix(8))
    }
    withUnsafeMutableBytes(of: &third) {
      $0.copyBytes(from: view.platform.bytes.dropFirst(16).prefix(8))
    }
  }

  /// Lends the platform's name for the length of a call.
  func withPlatform<T>(_ body: (Text) -> T) -> T {
    withUnsafeBytes(of: (first, second, third)) {
      body(Text($0.baseAddress, count: Int(min(length, UInt64($0.count)))))
    }
  }
}

/// The name and address of a view, as they travel and are stored: name length u32, name, address.
struct ViewDocument {
  let name: Text
  let url: Text

  init?(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count >= 4 else { return nil }
    let length = Int(bytes.loadUnaligned(as: UInt32.self))
    guard 4 + length <= bytes.count else { return nil }
    name = Text(base + 4, count: length)
    url = Text(base + 4 + length, count: bytes.count - 4 - length)
  }

  static func write(_ view: View, _ body: (UnsafeRawBufferPointer) -> Void) {
    TextBuffer.with(capacity: 4 + view.name.count + view.url.count) { buffer in
      withUnsafeBytes(of: UInt32(view.name.count)) { for byte in $0 { buffer.append(byte) } }
      buffer.append(view.name)
      buffer.append(view.url)
      body(buffer.text().bytes)
    }
  }
}
