import PluginKit

/// What is remembered of a user: the last view of the open session, and the exit that was counted
/// when one closed. Fixed layout without padding, little-endian.
struct VisitCell: BitwiseCopyable, Equatable {
  private static let version: UInt32 = 1

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

  /// Whether a fact opens, extends or closes a session, so that an item without views matters.
  static func isTouched(_ fact: SessionFact) -> Bool { !fact.flags.isEmpty }
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
