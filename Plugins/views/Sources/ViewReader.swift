import PluginKit

/// What one `[CLY]_view` event says. Borrowed, as the event.
struct View {
  let id: UInt64
  let name: Text
  let url: Text
  let platform: Text
  let isVisit: Bool
  let isStart: Bool
  /// Seconds in units of 1e-5.
  let duration: Int64
  let hour: Int32
}

/// Reads views out of events.
struct ViewReader: Sendable {
  /// Bytes of a platform's name; the rest is cut, so that it fits a cell.
  static let platformBytesMax = 24
  private static let urlBytesMax = 512
  /// Ten digits of seconds are a timestamp that went astray.
  private static let durationMax: Int64 = 1_000_000_000
  private static let unit: Int64 = 100_000

  private let nameBytesMax: Int
  private let name: Key
  private let visit: Key
  private let start: Key
  private let segment: Key
  private let view: Key
  private let duration: Key

  init(_ host: Host, nameBytesMax: Int) throws {
    self.nameBytesMax = nameBytesMax
    name = try host.intern("name")
    visit = try host.intern("visit")
    start = try host.intern("start")
    segment = try host.intern("segment")
    view = try host.intern("view")
    duration = try host.intern("dur")
  }

  /// Whether any event of the item is internal.
  func mayHaveViews(_ item: Item) -> Bool { item.events.contains { $0.isInternal } }

  /// The view an event speaks of, or nil: another event, or one without a name.
  func read(_ event: Event) -> View? {
    guard event.key == "[CLY]_view" else { return nil }
    let segmentation = event.segmentation
    guard let name = segmentation[name]?.text.prefix(nameBytesMax), !name.isEmpty else {
      return nil
    }
    return View(
      id: Self.id(of: name), name: name,
      url: (segmentation[view]?.text ?? "").prefix(Self.urlBytesMax),
      platform: (segmentation[segment]?.text ?? "").prefix(Self.platformBytesMax),
      isVisit: segmentation[visit]?.isYes == true, isStart: segmentation[start]?.isYes == true,
      duration: seconds(event, segmentation), hour: event.hour)
  }

  /// Of the event, else of its segmentation.
  private func seconds(_ event: Event, _ segmentation: Node) -> Int64 {
    var duration = event.duration
    if !event.hasDuration, let node = segmentation[self.duration] {
      let seconds = node.double ?? Double(node.looseInt ?? 0)
      guard seconds > 0, seconds < Double(Self.durationMax) else { return 0 }
      duration = Int64(seconds * Double(Self.unit) + 0.5)
    }
    return duration > 0 && duration < Self.durationMax * Self.unit ? duration : 0
  }

  /// FNV-1a: the same name has the same id in every app and for ever.
  static func id(of name: Text) -> UInt64 {
    name.bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
