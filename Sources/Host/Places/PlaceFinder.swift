import Glibc

/// Finds the places of addresses for one event loop, and remembers the last ones: a client sends
/// many requests from one address. Confined to that loop.
final class PlaceFinder {
  /// Addresses that are remembered; one that falls on another's slot takes its place.
  static let slotsMax = 1 << 12
  /// Bytes of a city's name; longer ones are cut.
  static let cityBytesMax = 100
  /// ISO 3166: two letters.
  static let countryBytes = 2

  // A slot: address u64 u64, version u32, length of country u8 and city u8, their bytes.
  private static let slotBytes = 128
  private static let textOffset = 22

  private var reader: PlaceBook.Reader
  /// Made when the first address is looked up.
  private var slots: UnsafeMutableRawPointer?

  init(_ book: PlaceBook) {
    reader = PlaceBook.Reader(book)
  }

  deinit {
    slots?.deallocate()
  }

  /// Country and city, each empty when nobody knows; valid until the next call. Nil without a file.
  @inline(__always)
  func find(
    _ address: ClientAddress
  ) -> (country: UnsafeRawBufferPointer, city: UnsafeRawBufferPointer)? {
    guard let database = reader.latest() else { return nil }
    let slot = slot(of: address)
    let version = UInt32(truncatingIfNeeded: reader.version)
    if slot.load(as: UInt64.self) != address.high
      || slot.load(fromByteOffset: 8, as: UInt64.self) != address.low
      || slot.load(fromByteOffset: 16, as: UInt32.self) != version
    {
      lookUp(address, in: database, slot, version)
    }
    let country = Int(slot.load(fromByteOffset: 20, as: UInt8.self))
    let city = Int(slot.load(fromByteOffset: 21, as: UInt8.self))
    let text = UnsafeRawPointer(slot) + Self.textOffset
    return (
      UnsafeRawBufferPointer(start: text, count: country),
      UnsafeRawBufferPointer(start: text + country, count: city)
    )
  }

  private func slot(of address: ClientAddress) -> UnsafeMutableRawPointer {
    let mixed = (address.high ^ address.low &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
    let place = Int(mixed >> 40) & (Self.slotsMax - 1)
    return (slots ?? makeSlots()) + place * Self.slotBytes
  }

  /// Versions begin at 1, so that a slot of zeros is nobody's.
  private func makeSlots() -> UnsafeMutableRawPointer {
    let count = Self.slotsMax * Self.slotBytes
    let made = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 8)
    made.initializeMemory(as: UInt8.self, repeating: 0, count: count)
    slots = made
    return made
  }

  @inline(never)
  private func lookUp(
    _ address: ClientAddress, in database: PlaceDatabase, _ slot: UnsafeMutableRawPointer,
    _ version: UInt32
  ) {
    slot.storeBytes(of: address.high, as: UInt64.self)
    slot.storeBytes(of: address.low, toByteOffset: 8, as: UInt64.self)
    slot.storeBytes(of: version, toByteOffset: 16, as: UInt32.self)
    slot.storeBytes(of: 0, toByteOffset: 20, as: UInt16.self)
    let outcome = database.find(address) { country, city in
      let country = country.count == Self.countryBytes ? country : country.part(0, 0)
      let city = Self.cut(city)
      Self.copy(country, to: slot + Self.textOffset)
      Self.copy(city, to: slot + Self.textOffset + country.count)
      slot.storeBytes(of: UInt8(country.count), toByteOffset: 20, as: UInt8.self)
      slot.storeBytes(of: UInt8(city.count), toByteOffset: 21, as: UInt8.self)
    }
    reader.book.count(outcome)
  }

  private static func copy(_ text: UnsafeRawBufferPointer, to place: UnsafeMutableRawPointer) {
    guard let base = text.baseAddress else { return }
    place.copyMemory(from: base, byteCount: text.count)
  }

  /// At most so many bytes, never half a character; nothing of what is no UTF-8.
  private static func cut(_ city: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard UTF8Text.isValid(city) else { return city.part(0, 0) }
    guard city.count > cityBytesMax else { return city }
    var end = cityBytesMax
    while end > 0, city[end] & 0xC0 == 0x80 { end -= 1 }
    return city.part(0, end)
  }
}
