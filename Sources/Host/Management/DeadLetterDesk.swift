import Foundation
import Store

/// What an operator does with dead letters. Any thread; replays happen one after another.
final class DeadLetterDesk: Sendable {
  /// Letters one list names; `total` says how many there are.
  static let listMax = 1_000

  /// A list, and how many letters it was taken from.
  struct List: Codable, Equatable, Sendable {
    let total: Int
    let letters: [DeadLetterReport]
  }

  private let store: Store
  private let oneByOne = NSLock()

  init(store: Store) { self.store = store }

  /// The oldest letters, of one plugin or of all.
  func list(plugin: String?, limit: Int) throws(StoreError) -> List {
    let apps = try appIDs()
    let found = try store.deadLetters(plugin: plugin, limit: min(max(limit, 0), Self.listMax))
    return List(
      total: found.total,
      letters: found.letters.map { DeadLetterReport($0, appID: apps[$0.app] ?? "") })
  }

  /// One letter with its request.
  func show(_ id: Int64) throws -> DeadLetterReport {
    let letter = try letter(id)
    var report = DeadLetterReport(letter, appID: try appIDs()[letter.app] ?? "")
    report.request = DeadLetterReport.Request(letter.body)
    return report
  }

  /// Puts the item through its plugin once more; committed, or refused and kept, when this returns.
  func replay(_ id: Int64, on pipeline: Pipeline) throws -> DeadLetterReplay.Outcome {
    try oneByOne.withLock { try pipeline.replay(letter(id)) }
  }

  /// Forgets letters for good.
  func drop(_ ids: [Int64]) throws -> Int {
    for id in ids { _ = try letter(id) }
    return try oneByOne.withLock { try store.dropDeadLetters(ids) }
  }

  private func letter(_ id: Int64) throws -> StoredDeadLetter {
    guard let letter = try store.deadLetter(id: id) else {
      throw CommandError(
        .invalidArgument, "there is no dead letter \(id); `tally deadletter list` names them")
    }
    return letter
  }

  private func appIDs() throws(StoreError) -> [UInt32: String] {
    Dictionary(try store.apps().map { ($0.number, $0.hex) }) { first, _ in first }
  }
}
