import Harness

/// Custom events, counted again: totals and one document per segment.
struct EventRecount {
  private(set) var totals: [String: Tally] = [:]
  private(set) var segments: [String: [String: Tally]] = [:]
  private(set) var segmentNames: [String: Set<String>] = [:]
  private(set) var values: [String: [String: Set<String>]] = [:]

  mutating func apply(_ event: Item.Event, _ time: LocalTime) {
    guard !event.key.hasPrefix("[CLY]_") else { return }
    let key = Self.cleanedKey(event.key)
    let numbers = [
      ("c", event.count ?? 1), ("s", event.sum ?? 0), ("dur", event.duration ?? 0),
    ]
    for level in LocalTime.Level.allCases where level != .week {
      for (name, amount) in numbers {
        totals[key, default: Tally()].add(amount, at: time.path(level) + [name])
      }
    }
    for (name, value) in event.segmentation {
      let segment = Self.cleanedSegment(name)
      guard !segment.isEmpty, let text = Self.cleanedValue(value) else { continue }
      segmentNames[key, default: []].insert(segment)
      values[key, default: [:]][segment, default: []].insert(text)
      for level in [LocalTime.Level.year, .month, .day] {
        for (name, amount) in numbers {
          segments[key, default: [:]][segment, default: Tally()]
            .add(amount, at: time.path(level) + [text, name])
        }
      }
    }
  }

  static func scale(_ name: String) -> Double { name == "c" ? 1 : 100_000 }

  private static func cleanedKey(_ key: String) -> String {
    let bare = key.hasPrefix("system.") ? String(key.dropFirst(7)) : key
    return bare.replacing("..", with: "").replacing("$", with: "")
  }

  private static func cleanedSegment(_ name: String) -> String {
    String(name.drop { $0 == "$" }).replacing(".", with: "")
  }

  /// Nil for lists, which are not counted by value.
  private static func cleanedValue(_ value: Item.Value) -> String? {
    let text: String
    switch value {
    case .text(let value): text = value
    case .number(let value): text = "\(value)"
    case .bool(let value): text = "\(value)"
    case .list: return nil
    }
    let bare = String(text.drop { $0 == "$" }).replacing(".", with: ":")
    if let number = Int(bare), (1...31).contains(number), "\(number)" == bare {
      return "[CLY]" + bare
    }
    return bare
  }
}
