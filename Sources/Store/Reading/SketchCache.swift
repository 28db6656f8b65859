import Synchronization

/// Who was there in whole months, put together from the sketches of their days: of the months of a
/// year mostly one has changed since somebody asked, and each day is 16 KiB to read.
final class SketchCache: Sendable {
  /// Months of series that are kept, of up to 16 KiB each; the oldest gives way.
  static let monthsMax = 256

  struct Key: Hashable, Sendable {
    let series: Int64
    /// Year * 100 + month.
    let month: Int32
  }

  private struct Entry {
    /// The number of commits that it was made of, or of more.
    let version: UInt64
    let sketch: UserSketch
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    /// Oldest first.
    var order: [Key] = []
  }

  private let state = Mutex(State())

  /// What is kept of a month whose last change was the commit `changed`, and still is what a reader
  /// at `version` sees.
  func sketch(_ key: Key, version: UInt64, changed: UInt64) -> UserSketch? {
    state.withLock { state in
      guard let kept = state.entries[key], changed <= min(kept.version, version) else { return nil }
      return kept.sketch
    }
  }

  func keep(_ sketch: UserSketch, _ key: Key, version: UInt64) {
    state.withLock { state in
      guard version >= state.entries[key]?.version ?? 0 else { return }
      if state.entries[key] == nil {
        if state.order.count == Self.monthsMax {
          state.entries[state.order.removeFirst()] = nil
        }
        state.order.append(key)
      }
      state.entries[key] = Entry(version: version, sketch: sketch)
    }
  }

  var count: Int { state.withLock { $0.entries.count } }
}
