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

/// What one `[CLY]_action` event says of a scroll.
struct Scroll {
  /// The id of the view with that name or address.
  let view: UInt64
  /// In units of 1e-5.
  let percent: Int64
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
  private let type: Key
  private let bottom: Key
  private let height: Key

  init(_ host: Host, nameBytesMax: Int) throws {
    self.nameBytesMax = nameBytesMax
    name = try host.intern("name")
    visit = try host.intern("visit")
    start = try host.intern("start")
    segment = try host.intern("segment")
    view = try host.intern("view")
    duration = try host.intern("dur")
    type = try host.intern("type")
    bottom = try host.intern("y")
    height = try host.intern("height")
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

  /// The scroll an event speaks of, or nil: another action, or no page that has a height.
  func readScroll(_ event: Event) -> Scroll? {
    guard event.key == "[CLY]_action" else { return nil }
    let segmentation = event.segmentation
    guard segmentation[type]?.text == "scroll",
      let bottom = segmentation[bottom].flatMap(Self.number),
      let height = segmentation[height].flatMap(Self.number), height > 0, bottom > 0
    else { return nil }
    let percent = min(bottom / height, 1) * 100
    return Scroll(
      view: Self.id(of: (segmentation[view]?.text ?? "").prefix(nameBytesMax)),
      percent: Int64(percent * Double(Self.unit) + 0.5), hour: event.hour)
  }

  private static func number(_ node: Node) -> Double? {
    node.double ?? node.looseInt.map { Double($0) }
  }

  /// Of the event, else of its segmentation.
  private func seconds(_ event: Event, _ segmentation: Node) -> Int64 {
    var duration = event.duration
    if !event.hasDuration, let node = segmentation[self.duration] {
      let seconds = Self.number(node) ?? 0
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
