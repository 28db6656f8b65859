/// Something a user is found by, as a plugin says it.
package struct UserProperty: Equatable, Sendable {
  /// Properties one plugin may name of one user.
  package static let countMax = 64
  package static let nameBytesMax = 160
  package static let valueBytesMax = 256

  let name: [UInt8]
  let value: [UInt8]

  /// Nil when one of them is empty or too long.
  package init?(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    guard (1...Self.nameBytesMax).contains(name.count),
      (1...Self.valueBytesMax).contains(value.count)
    else { return nil }
    self.name = Array(name)
    self.value = Array(value)
  }
}
