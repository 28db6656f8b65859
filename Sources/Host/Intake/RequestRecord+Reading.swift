extension RequestRecord {
  /// Walks the items of one entry without copying or allocating.
  ///
  /// Borrows the entry: neither the cursor nor what it hands out may outlive its bytes. Lengths are
  /// checked against the entry, so a damaged one ends the walk early with `isDamaged` set.
  package struct ItemCursor {
    package let header: Header
    /// The entry's bytes did not add up; what was handed out before is sound.
    package private(set) var isDamaged = false
    private var rest: UnsafeRawBufferPointer
    private var remaining: UInt32

    /// Answers nil for an entry of another version or kind, or one shorter than its header.
    package init?(_ entry: UnsafeRawBufferPointer) {
      guard entry.count >= headerBytes, entry[0] == version, let kind = Kind(rawValue: entry[1])
      else { return nil }
      header = Header(
        kind: kind, flags: entry.little(at: 2), itemCount: entry.little(at: 4),
        receivedMs: entry.little(at: 8), bulkHash: entry.little(at: 16))
      remaining = header.itemCount
      rest = entry.suffix(after: headerBytes)
    }

    package mutating func next() -> Item? {
      guard remaining > 0, !isDamaged else {
        if !rest.isEmpty { isDamaged = true }
        return nil
      }
      guard rest.count >= 4 else { return fail() }
      let count = 4 + Int(rest.little(at: 0) as UInt32)
      guard count <= rest.count, let item = Item(rest.part(0, count)) else { return fail() }
      rest = rest.suffix(after: count)
      remaining -= 1
      return item
    }

    private mutating func fail() -> Item? {
      isDamaged = true
      return nil
    }
  }

  /// One item of an entry, pointing into its bytes.
  package struct Item {
    /// The item's own bytes, its length included: what a raw row keeps.
    package let bytes: UnsafeRawBufferPointer
    package let app: UInt32
    /// The request hash; 0 when the request is never a duplicate.
    package let hash: UInt64
    package let partition: UInt8
    package let form: Form
    package let parameterCount: Int
    package let device: UnsafeRawBufferPointer
    package let country: UnsafeRawBufferPointer
    package let city: UnsafeRawBufferPointer
    private let body: UnsafeRawBufferPointer

    /// Reads an item from exactly its own bytes; nil when they do not add up.
    package init?(_ bytes: UnsafeRawBufferPointer) {
      guard bytes.count >= 4 + itemHeadBytes,
        Int(bytes.little(at: 0) as UInt32) == bytes.count - 4,
        let form = Form(rawValue: bytes[17])
      else { return nil }
      let deviceCount = Int(bytes.little(at: 20) as UInt16)
      let (countryCount, cityCount) = (Int(bytes[22]), Int(bytes[23]))
      let start = 4 + itemHeadBytes
      let bodyStart = start + deviceCount + countryCount + cityCount
      guard bodyStart <= bytes.count else { return nil }
      self.bytes = bytes
      app = bytes.little(at: 4)
      hash = bytes.little(at: 8)
      partition = bytes[16]
      self.form = form
      parameterCount = Int(bytes.little(at: 18) as UInt16)
      device = bytes.part(start, deviceCount)
      country = bytes.part(start + deviceCount, countryCount)
      city = bytes.part(start + deviceCount + countryCount, cityCount)
      body = bytes.suffix(after: bodyStart)
    }

    /// The bytes before the parameters or the object.
    var head: UnsafeRawBufferPointer { bytes.part(0, bytes.count - body.count) }

    /// The parameters of an item of form `parameters`; empty for an object.
    package var parameters: ParameterCursor {
      ParameterCursor(body, count: form == .parameters ? parameterCount : 0)
    }

    /// The JSON text of an item of form `object`; nil for parameters, or when it is cut short.
    package var object: UnsafeRawBufferPointer? {
      guard form == .object, body.count >= 4 else { return nil }
      let count = Int(body.little(at: 0) as UInt32)
      return count == body.count - 4 ? body.suffix(after: 4) : nil
    }
  }

  /// Walks the parameters of one item.
  package struct ParameterCursor {
    /// The item's bytes did not add up; what was handed out before is sound.
    package private(set) var isDamaged = false
    private var rest: UnsafeRawBufferPointer
    private var remaining: Int

    init(_ bytes: UnsafeRawBufferPointer, count: Int) {
      rest = bytes
      remaining = count
    }

    @inline(__always)
    package mutating func next() -> Parameter? {
      guard remaining > 0, !isDamaged else { return nil }
      guard rest.count >= parameterHeadBytes else { return fail() }
      let keyCount = Int(rest.little(at: 0) as UInt16)
      let valueCount = Int(rest.little(at: 2) as UInt32)
      let count = parameterHeadBytes + keyCount + valueCount
      guard count <= rest.count else { return fail() }
      defer {
        rest = rest.suffix(after: count)
        remaining -= 1
      }
      return Parameter(
        key: rest.part(parameterHeadBytes, keyCount),
        value: rest.part(parameterHeadBytes + keyCount, valueCount),
        isJSON: rest[6] & jsonFlag != 0, isNote: rest[6] & noteFlag != 0)
    }

    private mutating func fail() -> Parameter? {
      isDamaged = true
      return nil
    }
  }
}

extension UnsafeRawBufferPointer {
  /// A little-endian integer at any alignment. The caller has checked the bounds.
  @inline(__always)
  func little<T: FixedWidthInteger>(at offset: Int) -> T {
    T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// `count` bytes from `start`. The caller has checked the bounds.
  @inline(__always)
  func part(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: self[start..<start + count])
  }

  @inline(__always)
  func suffix(after start: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: self[start...])
  }
}
