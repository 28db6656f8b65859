/// One request as a test describes it.
package struct TestItem: Sendable {
  /// The decoded parameters, an object; what SDKs send as JSON text is already JSON here.
  package var parameters: TestValue
  /// Which user sends it; users are told apart by this number alone.
  package var user: UInt64
  package var app: UInt32
  package var timestampMs: Int64
  package var country: String
  package var city: String
  /// The app's own, two letters or nothing.
  package var appCountry: String

  /// 2024-06-01 12:00:00 UTC, a Saturday.
  package static let noon: Int64 = 1_717_243_200_000
  /// How long a request is under way.
  package static let delayMs: Int64 = 500

  /// A request of a user, `seconds` after noon.
  package init(
    _ parameters: TestValue, user: UInt64 = 1, app: UInt32 = 1, seconds: Double = 0,
    country: String = "", city: String = "", appCountry: String = ""
  ) {
    self.parameters = parameters
    self.user = user
    self.app = app
    timestampMs = Self.noon + Int64(seconds * 1_000)
    self.country = country
    self.city = city
    self.appCountry = appCountry
  }

  /// The device id the user sends.
  package var device: String { "device-\(user)" }
  /// "Now" of the item.
  package var receivedMs: Int64 { timestampMs + Self.delayMs }
}
