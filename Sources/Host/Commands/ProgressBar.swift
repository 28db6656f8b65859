import Foundation

/// How far a long command is: a bar on standard error, when that is a terminal.
final class ProgressBar {
  private static let width = 40
  /// A bar is drawn at most so often.
  private static let pauseSeconds = 0.05

  private let isShown: Bool
  private let label: String
  private var last = -1.0

  init(isShown: Bool, label: String) {
    self.isShown = isShown && isatty(STDERR_FILENO) == 1
    self.label = label
  }

  /// `share` is from 0 to 1; `note` stands behind the bar.
  func show(_ share: Double, note: String = "") {
    let now = Clock.monotonicSeconds
    guard isShown, now - last >= Self.pauseSeconds || share >= 1 else { return }
    last = now
    write("\r" + Self.text(share, label: label, note: note) + "\u{1B}[K")
  }

  func end() { if isShown, last >= 0 { write("\n") } }

  static func text(_ share: Double, label: String, note: String) -> String {
    let filled = Int((min(max(share, 0), 1) * Double(width)).rounded(.down))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    return "\(label) \(bar) \(Int(min(max(share, 0), 1) * 100)) %\(note.isEmpty ? "" : "  " + note)"
  }

  private func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}
