/// Admits a bounded number of lines a second.
package struct LogRate {
  let linesPerSecondMax: Int
  private var second = 0
  private var lines = 0
  private var dropped = 0

  package init(linesPerSecondMax: Int) {
    self.linesPerSecondMax = linesPerSecondMax
  }

  /// nil when the line must be dropped, else how many were dropped since the last one.
  package mutating func admit(second now: Int) -> Int? {
    if now != second { (second, lines) = (now, 0) }
    guard lines < linesPerSecondMax else {
      dropped += 1
      return nil
    }
    lines += 1
    defer { dropped = 0 }
    return dropped
  }
}
