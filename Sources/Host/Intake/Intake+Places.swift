/// What is known of the way a request came.
struct Origin: Sendable {
  /// The other end of the connection.
  var peer: ClientAddress?
  /// What its headers `X-Forwarded-For` say.
  var forwarded: String?
}

/// Where a request comes from: looked up before it is journalled, because the address is not kept.
extension Intake {
  /// The client's address as far as the app lets it be seen.
  func address(for mode: AddressMode) -> ClientAddress? {
    guard mode != .drop, let peer = origin.peer else { return nil }
    let client = configuration.proxies.client(behind: peer, forwarded: origin.forwarded)
    return mode == .truncate ? client.truncated : client
  }

  /// Writes country and city into the item at hand. The parameter `ip_address` wins over the
  /// address the request came from, unless it is none.
  @inline(never)
  func writePlace(from places: PlaceFinder, _ sender: Sender) {
    let mode = sender.view.addresses
    guard mode != .drop else { return }
    let said = parameters[.address].flatMap { ClientAddress(decodedText(of: $0)) }
    let address = said.map { mode == .truncate ? $0.truncated : $0 } ?? address(for: mode)
    guard let address, let place = places.find(address) else { return }
    writer.place(country: place.country, city: place.city)
  }
}
