/// What intake needs to know of one app.
package struct AppView: Sendable {
  /// The app's short number in journal and store.
  package let number: UInt32
  /// The app's id, 24 hexadecimal digits.
  package let hexID: String
  /// The key SDKs send.
  package let key: String
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

  package init(
    number: UInt32, hexID: String, key: String, salt: String? = nil, isPaused: Bool = false,
    isLocked: Bool = false, redirectURL: String? = nil, addresses: AddressMode = .keep
  ) {
    self.number = number
    self.hexID = hexID
    self.key = key
    self.salt = salt
    self.isPaused = isPaused
    self.isLocked = isLocked
    self.redirectURL = redirectURL
    self.addresses = addresses
  }
}

/// All apps at one moment, found by the bytes of their key. Never changes once made.
package final class AppSnapshot: Sendable {
  package let apps: [AppView]
  /// Per app: its hex id and a zero byte, what a partition's hash begins with.
  let partitionPrefixes: [[UInt8]]
  /// Whether the requests of any app go somewhere else.
  let hasRedirects: Bool
  /// Per app: the salt's bytes, empty without one.
  let salts: [[UInt8]]
  private let keys: [[UInt8]]
  /// Open addressing over `keys`: an index, or -1.
  private let slots: [Int32]

  package init(_ apps: [AppView]) {
    self.apps = apps
    partitionPrefixes = apps.map { Array($0.hexID.utf8) + [0] }
    salts = apps.map { Array(($0.salt ?? "").utf8) }
    hasRedirects = apps.contains { $0.redirect != nil }
    keys = apps.map { Array($0.key.utf8) }
    var size = 8
    while size < apps.count * 2 { size *= 2 }
    var slots = [Int32](repeating: -1, count: size)
    for (index, key) in keys.enumerated() {
      var slot = key.withUnsafeBytes { RequestHash.of($0) } & UInt64(size - 1)
      while slots[Int(slot)] >= 0 { slot = (slot + 1) & UInt64(size - 1) }
      slots[Int(slot)] = Int32(index)
    }
    self.slots = slots
  }

  /// The index in `apps` of the app with this key.
  func find(_ key: UnsafeRawBufferPointer) -> Int? {
    let mask = UInt64(slots.count - 1)
    var slot = RequestHash.of(key) & mask
    while true {
      let index = Int(slots[Int(slot)])
      if index < 0 { return nil }
      if keys[index].withUnsafeBytes({ $0.isEqual(to: key) }) { return index }
      slot = (slot + 1) & mask
    }
  }
}
