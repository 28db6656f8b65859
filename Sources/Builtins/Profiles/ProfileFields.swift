/// What is kept about one user, by the name it has in the user's document; `custom.plan` is a
/// member of its `custom`. In the order in which it came.
struct ProfileFields: Equatable, Sendable {
  struct Field: Equatable, Sendable {
    let name: String
    var value: ProfileValue
  }

  private(set) var all: [Field] = []

  /// When something last changed, in Unix milliseconds: of two users who are one, the later says
  /// more. Not told.
  static let changed = "_changed"

  subscript(name: String) -> ProfileValue? {
    get { all.first { $0.name == name }?.value }
    set {
      let place = all.firstIndex { $0.name == name }
      switch (place, newValue) {
      case (let place?, let value?): all[place].value = value
      case (let place?, nil): all.remove(at: place)
      case (nil, let value?): all.append(Field(name: name, value: value))
      case (nil, nil): break
      }
    }
  }

  /// How many names begin so.
  func count(of prefix: String) -> Int { all.count { $0.name.hasPrefix(prefix) } }

  mutating func removeAll(of prefix: String) { all.removeAll { $0.name.hasPrefix(prefix) } }
}

/// The cell: version u8, then for each field its name's length u8, the name and the value. A value
/// is its kind u8 and, little-endian, an i64, the bits of a double, a length u16 with text, or a
/// count u16 with values.
extension ProfileFields {
  private static let version: UInt8 = 1
  private static let nameBytesMax = 255

  /// An empty cell, and one of another version, knows nothing.
  init(cell: UnsafeRawBufferPointer) {
    guard let first = cell.first, first == Self.version else { return }
    var reader = CellReader(bytes: cell, place: 1)
    while !reader.isAtEnd, let length = reader.byte(), let name = reader.text(Int(length)),
      let value = reader.value()
    {
      all.append(Field(name: name, value: value))
    }
  }

  /// Empty when nothing is known.
  var cell: [UInt8] {
    guard !all.isEmpty else { return [] }
    var bytes = [Self.version]
    for field in all where field.name.utf8.count <= Self.nameBytesMax {
      bytes.append(UInt8(field.name.utf8.count))
      bytes.append(contentsOf: field.name.utf8)
      Self.append(field.value, to: &bytes)
    }
    return bytes
  }

  fileprivate enum Kind: UInt8 {
    case no
    case yes
    case int
    case double
    case text
    case list
  }

  private static func append(_ value: ProfileValue, to bytes: inout [UInt8]) {
    switch value {
    case .bool(let flag): bytes.append((flag ? Kind.yes : Kind.no).rawValue)
    case .int(let int): append(.int, UInt64(bitPattern: int), to: &bytes)
    case .double(let double): append(.double, double.bitPattern, to: &bytes)
    case .text(let text):
      append(.text, UInt16(clamping: text.utf8.count), to: &bytes)
      bytes.append(contentsOf: text.utf8.prefix(Int(UInt16.max)))
    case .list(let values):
      append(.list, UInt16(clamping: values.count), to: &bytes)
      for value in values.prefix(Int(UInt16.max)) { append(value, to: &bytes) }
    case .null, .object: preconditionFailure("a profile holds scalars and lists of them")
    }
  }

  private static func append<T: FixedWidthInteger>(
    _ kind: Kind, _ number: T, to bytes: inout [UInt8]
  ) {
    bytes.append(kind.rawValue)
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }
}

/// Takes a cell apart; nil where it ends too early.
private struct CellReader {
  let bytes: UnsafeRawBufferPointer
  var place: Int

  var isAtEnd: Bool { place >= bytes.count }

  mutating func byte() -> UInt8? {
    guard place < bytes.count else { return nil }
    defer { place += 1 }
    return bytes[place]
  }

  mutating func text(_ length: Int) -> String? {
    guard place + length <= bytes.count else { return nil }
    defer { place += length }
    return String(decoding: bytes[place..<place + length], as: UTF8.self)
  }

  private mutating func integer<T: FixedWidthInteger>(_ type: T.Type) -> T? {
    let size = MemoryLayout<T>.size
    guard place + size <= bytes.count else { return nil }
    defer { place += size }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: T.self))
  }

  mutating func value() -> ProfileValue? {
    switch byte().flatMap(ProfileFields.Kind.init) {
    case .no: return .bool(false)
    case .yes: return .bool(true)
    case .int: return integer(Int64.self).map { .int($0) }
    case .double: return integer(UInt64.self).map { .double(Double(bitPattern: $0)) }
    case .text: return integer(UInt16.self).flatMap { text(Int($0)) }.map { .text($0) }
    case .list:
      guard let count = integer(UInt16.self) else { return nil }
      var values: [ProfileValue] = []
      for _ in 0..<count {
        guard let value = value() else { return nil }
        values.append(value)
      }
      return .list(values)
    case nil: return nil
    }
  }
}
