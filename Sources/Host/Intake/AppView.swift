import Store

/// What intake needs to know of one app.
package struct AppView: Sendable {
  /// The app's short number in journal and store.
  package let number: UInt32
  /// The app's id, 24 hexadecimal digits.
  package let hexID: String
  /// The keys SDKs may send.
  package let keys: [AppKey]
  /// The checksum salt; nil or empty switches checksums off.
  package let salt: String?
  /// Refuses everything sent to the app.
  package let isPaused: Bool
  /// Refuses what the data populator sends.
  package let isLocked: Bool
  /// Where the app's requests are forwarded to, if anywhere.
  package let redirectURL: String?

  /// The same, where it says anything.
  var redirect: String? { redirectURL.flatMap { $0.isEmpty ? nil : $0 } }
  /// What becomes of the addresses of the app's clients.
  package let addresses: AddressMode
  /// Whether what is sent to the app is answered behind its commit.
  package let isSafe: Bool

  package init(
    number: UInt32, hexID: String, keys: [AppKey], salt: String? = nil, isPaused: Bool = false,
    isLocked: Bool = false, redirectURL: String? = nil, addresses: AddressMode = .keep,
    isSafe: Bool = false
  ) {
    self.number = number
    self.hexID = hexID
    self.keys = keys
    self.salt = salt
    self.isPaused = isPaused
    self.isLocked = isLocked
    self.redirectURL = redirectURL
    self.addresses = addresses
    self.isSafe = isSafe
  }
}
