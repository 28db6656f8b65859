/// The bounds of one request's parameters. Each has a refusal with a counter.
package struct IntakeLimits: Sendable {
  /// Items of one bulk request.
  package var bulkItemsMax = 10_000
  /// Distinct parameters of one item.
  package var parametersMax = 1000
  /// Bytes of a parameter's name after decoding.
  package var nameBytesMax = 512
  /// Bytes of a device id after decoding.
  package var deviceIDBytesMax = 1024
  /// Bytes of an app key after decoding; no longer one exists.
  package static let appKeyBytesMax = 128

  package init() {}
}

/// What becomes of client addresses.
package enum AddressMode: String, Sendable, CaseIterable {
  /// The parameters `ip_address` and `ip` are recorded as sent.
  case keep
  /// Addresses are shortened for the look-up of a place; none is recorded.
  case truncate
  /// Addresses are never looked at and never recorded.
  case drop
}

/// What an operator decides about intake.
package struct IntakeConfiguration: Sendable {
  package var limits = IntakeLimits()
  /// Whose `X-Forwarded-For` is believed.
  package var proxies = TrustedProxies()
  /// Where countries and cities are looked up, if anywhere.
  var places: PlaceBook?
  /// Where pictures of users are kept, if anywhere.
  var pictures: PictureFolder?

  package init() {}
}
