/// One parameter as it was sent: the name decoded, the value still as on the wire.
struct SentParameter {
  /// How `value` is written.
  enum Encoding {
    /// Form text without an escape: the bytes are the value.
    case plain
    /// Form text with percent escapes or plus signs.
    case escaped
    /// JSON text.
    case json
  }

  let key: UnsafeRawBufferPointer
  let name: ParameterName?
  var value: UnsafeRawBufferPointer
  var encoding: Encoding

  /// Whether the value is a JSON object or list.
  var isStructure: Bool {
    encoding == .json
      && (value.first == UInt8(ascii: "{") || value.first == UInt8(ascii: "["))
  }
}

/// The parameters of one item, each name once: the last one sent wins, and a body wins over the
/// query because it is read after it.
///
/// Points into the request's bytes and a scratch buffer; emptied and used again for each item.
struct ParameterList {
  private(set) var items: ContiguousArray<SentParameter> = []
  /// Where the parameters are that intake reads, or -1.
  private var known = ContiguousArray<Int16>(repeating: -1, count: ParameterName.allCases.count)
  /// A bit per name already seen, by a rough hash: says when to look for an equal one at all.
  private var seen: UInt64 = 0
  /// Names up to which all of them are looked at.
  private static let scannedMax = 64
  /// Where names are, by a hash that no client can foresee, once there are more.
  private var places: [Int: Int] = [:]

  init() {
    items.reserveCapacity(64)
  }

  mutating func removeAll() {
    items.removeAll(keepingCapacity: true)
    for index in known.indices { known[index] = -1 }
    seen = 0
    if !places.isEmpty { places.removeAll(keepingCapacity: true) }
  }

  /// What became of a parameter that was put in.
  enum Placing {
    case added
    /// The list keeps pointing at the name it already had.
    case replaced
    /// There were already as many as may be.
    case full
  }

  @inline(__always)
  mutating func set(_ parameter: SentParameter, limit: Int) -> Placing {
    let bit = Self.bit(of: parameter.key)
    if seen & bit != 0, let index = index(of: parameter.key) {
      items[index].value = parameter.value
      items[index].encoding = parameter.encoding
      return .replaced
    }
    guard items.count < limit else { return .full }
    seen |= bit
    if let name = parameter.name { known[name.rawValue] = Int16(items.count) }
    items.append(parameter)
    if items.count > Self.scannedMax { remember() }
    return .added
  }

  @inline(__always)
  subscript(name: ParameterName) -> SentParameter? {
    let index = known[name.rawValue]
    return index < 0 ? nil : items[Int(index)]
  }

  /// Whether something among them is about the answer.
  @inline(__always)
  var hasWish: Bool {
    known[ParameterName.callback.rawValue] & known[ParameterName.safeAnswer.rawValue] >= 0
  }

  @inline(__always)
  private static func bit(of key: UnsafeRawBufferPointer) -> UInt64 {
    guard let first = key.first, let last = key.last else { return 1 }
    let middle = key[key.count / 2]
    let mixed = key.count &* 7 &+ Int(first) &* 31 &+ Int(last) &* 17 &+ Int(middle) &* 13
    return 1 << UInt64(mixed & 63)
  }

  private func index(of key: UnsafeRawBufferPointer) -> Int? {
    if items.count > Self.scannedMax {
      guard let place = places[Self.hash(key)] else { return nil }
      if items[place].key.isEqual(to: key) { return place }
    }
    return items.firstIndex { $0.key.isEqual(to: key) }
  }

  /// Of names with equal hashes the first has the place; others are looked for among all.
  @inline(never)
  private mutating func remember() {
    for place in (places.isEmpty ? 0 : items.count - 1)..<items.count {
      let hash = Self.hash(items[place].key)
      if places[hash] == nil { places[hash] = place }
    }
  }

  private static func hash(_ key: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: key)
    return hasher.finalize()
  }
}

extension SentParameter {
  /// The bytes that would stand in a form, when the value has no escapes; empty for a JSON value
  /// that stands for no text.
  @inline(__always)
  var text: UnsafeRawBufferPointer {
    encoding == .json ? JSONScalar.plain(value) ?? value.part(0, 0) : value
  }
}
