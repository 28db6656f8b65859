import Journal
import Logging

extension Journal {
  /// Tells the operator what opening the journal found. Tails are no fault: nobody was told they
  /// are kept.
  func report(to log: Logger) {
    for tail in recovery.report.tails {
      log.warning(
        "journal tail cut",
        metadata: ["file": "\(tail.file)", "offset": "\(tail.offset)", "bytes": "\(tail.bytes)"])
    }
    for damage in recovery.report.damages {
      log.error(
        "journal is damaged",
        metadata: [
          "file": "\(damage.file)", "offset": "\(damage.offset)", "bytes": "\(damage.bytes)",
          "positions": "\(damage.positions.map { "\($0)" } ?? "none")",
          "durable": "\(damage.wasDurable)", "quarantine": "\(damage.quarantine ?? "none")",
        ])
    }
    for gap in recovery.report.gaps {
      log.log(
        level: gap.reason == .lost ? .error : .warning, "journal positions are missing",
        metadata: ["positions": "\(gap.positions)", "reason": "\(gap.reason.rawValue)"])
    }
  }
}
