import Foundation

/// What earlier deaths taught: ranges to be replayed item by item, and items that killed their
/// consumer. A death at a whole batch makes its range suspect; a death at a single item of it
/// convicts that item. Kept in a file until the store has committed past it. A request that killed
/// an intake hook was never accepted, and comes again: it is convicted by its hash. Who was called
/// when the process was killed is suspect when that happens again in the same place.
package struct Suspects: Codable, Sendable, Equatable {
  /// Deaths remembered at once; the oldest gives way, one that proves nothing first.
  static let deathsMax = 64

  package private(set) var deaths: [Breadcrumb.Death] = []

  package init() {}

  /// Reads the file; one that is missing or damaged accuses nobody.
  package init(path: String) {
    let data = FileManager.default.contents(atPath: path) ?? Data()
    deaths = (try? JSONDecoder().decode([Breadcrumb.Death].self, from: data)) ?? []
  }

  package mutating func add(_ death: Breadcrumb.Death) {
    guard !deaths.contains(where: { $0 == death && $0.isProven }) else { return }
    var death = death
    if death.kills != nil,
      let before = deaths.firstIndex(where: { $0.kills != nil && $0.repeats(death) })
    {
      death.kills = (deaths.remove(at: before).kills ?? 0) + 1
    }
    deaths.append(death)
    guard deaths.count > Self.deathsMax else { return }
    deaths.remove(at: deaths.firstIndex { !$0.isProven } ?? 0)
  }

  /// Forgets what lies at or before a committed position. True when something was forgotten.
  package mutating func settle(through position: UInt64) -> Bool { settle { _ in position } }

  /// The same, where each consumer has a committed position of its own.
  package mutating func settle(through position: (_ consumer: String) -> UInt64) -> Bool {
    let before = deaths.count
    deaths.removeAll {
      $0.request == nil && $0.positions.upperBound <= position($0.consumer)
    }
    return deaths.count != before
  }

  /// Writes the file so that it survives what comes next.
  package func save(path: String) throws {
    try JSONEncoder().encode(deaths).write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  /// Whether no batch is suspect.
  package var isEmpty: Bool { deaths.allSatisfy { $0.request != nil } }

  /// Whether `consumer` must take these positions item by item.
  func wantsSingleItems(_ consumer: String, _ positions: ClosedRange<UInt64>) -> Bool {
    deaths.contains {
      $0.consumer == consumer && $0.positions.overlaps(positions) && $0.isProven
    }
  }

  /// The requests that killed intake hooks and the signals, by consumer.
  var requests: [String: [UInt64: UInt32]] {
    var found: [String: [UInt64: UInt32]] = [:]
    for death in deaths where death.isProven {
      if let request = death.request { found[death.consumer, default: [:]][request] = death.signal }
    }
    return found
  }

  /// The signal with which this very item killed the consumer.
  func killer(_ consumer: String, position: UInt64, item: UInt32) -> UInt32? {
    deaths.first {
      $0.consumer == consumer && $0.item == item && $0.positions == position...position
        && $0.isProven
    }?.signal
  }
}
