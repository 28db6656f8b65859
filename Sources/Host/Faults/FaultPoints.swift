import Foundation
import Synchronization

/// Places where a test may end the process as a crash would, named in TALLY_FAULT as `name` or
/// `name:n` for the n-th passing. Without that variable a place costs one comparison.
final class FaultPoints: Sendable {
  /// The places, in the order in which a request passes them.
  enum Place: String, CaseIterable, Sendable {
    case afterAppend = "after-append"
    case afterSync = "after-sync"
    case hookTrap = "hook-trap"
    case afterRawCommit = "after-raw-commit"
    case afterMainCommit = "after-main-commit"
    case beforeTrim = "before-trim"
  }

  static let variable = "TALLY_FAULT"

  private let place: Place?
  private let remaining: Atomic<Int>

  /// No fault, or the one the text names; an unknown name is no fault.
  init(_ text: String?) {
    let parts = (text ?? "").split(separator: ":", maxSplits: 1).map(String.init)
    place = parts.first.flatMap(Place.init(rawValue:))
    remaining = Atomic(parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
  }

  func isArmed(_ place: Place) -> Bool { self.place == place }

  /// Ends the process here, as `kill -9` would, when it is the n-th time.
  func pass(_ place: Place) {
    guard self.place == place else { return }
    if remaining.subtract(1, ordering: .relaxed).newValue == 0 { kill(getpid(), SIGKILL) }
  }
}
