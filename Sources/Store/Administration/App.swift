import GRDB

/// A tenant: what SDKs send to and members look at.
package struct App: Equatable, Sendable {
  /// Short and never given twice; what rows carry.
  package let number: UInt32
  /// The public id: 24 hexadecimal digits.
  package let hex: String
  /// What SDKs identify the app by: 40 hexadecimal digits.
  package let key: String
  package let name: String
  /// IANA name of the zone whose clocks decide about hours and days.
  package let timezone: String
  /// ISO code, or empty.
  package let country: String
  /// Secret of checksums; empty: none is asked for.
  package let salt: String
  /// Where SDK requests are sent on to; empty: they are taken here.
  package let redirectURL: String
  package let isPaused: Bool
  package let isLocked: Bool
  package let createdMs: Int64

  init(_ row: Row) {
    number = row["id"]
    hex = row["hex"]
    key = row["key"]
    name = row["name"]
    timezone = row["timezone"]
    country = row["country"]
    salt = row["salt"]
    redirectURL = row["redirect_url"]
    isPaused = row["paused"]
    isLocked = row["locked"]
    createdMs = row["created_ms"]
  }
}
