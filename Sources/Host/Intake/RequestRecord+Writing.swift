extension RequestRecord {
  /// Writes entries one behind the other into a buffer that is used again.
  ///
  /// Call order: `begin`, then per item `beginItem`, its parameters or its object, `endItem`; then
  /// `end`. Callers keep lengths within what the fields hold (see `IntakeLimits`).
  package struct Writer {
    package let buffer: EntryBuffer
    private var entryStart = 0
    private var itemStart = 0
    private var itemCount: UInt32 = 0
    private var parameterCount: UInt16 = 0
    private var flags: UInt16 = 0

    package init(buffer: EntryBuffer) {
      self.buffer = buffer
    }

    /// Starts an entry behind those that are in the buffer.
    package mutating func begin(receivedMs: Int64, isBulk: Bool) {
      entryStart = buffer.count
      itemCount = 0
      buffer.append(version)
      buffer.append(Kind.request.rawValue)
      flags = isBulk ? bulkFlag : 0
      buffer.append(flags)
      buffer.append(UInt32(0))
      buffer.append(receivedMs)
      buffer.append(UInt64(0))
    }

    /// Says that an item of the entry names an old device id.
    mutating func noteMerge() {
      flags |= mergeFlag
      buffer.patch(flags, at: entryStart + 2)
    }

    /// Completes the entry.
    package mutating func end(bulkHash: UInt64 = 0) {
      buffer.patch(itemCount, at: entryStart + 4)
      buffer.patch(bulkHash, at: entryStart + 16)
    }

    /// Takes back the entry begun last.
    package mutating func discard() {
      buffer.truncate(to: entryStart)
      itemCount = 0
    }

    /// The entry begun last, as an offset and a length in `buffer`.
    package var entry: (offset: Int, count: Int) { (entryStart, buffer.count - entryStart) }

    /// The number of items completed so far.
    package var items: Int { Int(itemCount) }

    /// Starts an item; its device id follows from bytes outside the buffer.
    package mutating func beginItem(
      app: UInt32, hash: UInt64, partition: UInt8, form: Form, device: UnsafeRawBufferPointer
    ) {
      itemStart = buffer.count
      parameterCount = 0
      buffer.append(UInt32(0))
      buffer.append(app)
      buffer.append(hash)
      buffer.append(partition)
      buffer.append(form.rawValue)
      buffer.append(UInt16(0))
      buffer.append(UInt16(device.count))
      buffer.append(UInt8(0))
      buffer.append(UInt8(0))
      buffer.append(device)
    }

    /// Where the item begun last comes from; before its parameters. At most 255 bytes each.
    package mutating func place(country: UnsafeRawBufferPointer, city: UnsafeRawBufferPointer) {
      buffer.patch(UInt8(country.count), at: itemStart + countryOffset)
      buffer.patch(UInt8(city.count), at: itemStart + countryOffset + 1)
      buffer.append(country)
      buffer.append(city)
    }

    /// Completes an item.
    package mutating func endItem() {
      buffer.patch(UInt32(buffer.count - itemStart - 4), at: itemStart)
      buffer.patch(parameterCount, at: itemStart + 18)
      itemCount += 1
    }

    /// A parameter whose bytes are final.
    package mutating func parameter(
      key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, isJSON: Bool
    ) {
      buffer.append(UInt16(key.count))
      buffer.append(UInt32(value.count))
      buffer.append(UInt8(isJSON ? 1 : 0))
      buffer.append(key)
      buffer.append(value)
      parameterCount += 1
    }

    /// Starts a parameter whose value the caller appends to `buffer`; answers what to end it with.
    @inline(__always)
    mutating func beginParameter(key: UnsafeRawBufferPointer, isJSON: Bool) -> Int {
      let start = buffer.count
      buffer.append(UInt16(key.count))
      buffer.append(UInt32(0))
      buffer.append(UInt8(isJSON ? 1 : 0))
      buffer.append(key)
      return start
    }

    @inline(__always)
    mutating func endParameter(_ start: Int, keyCount: Int) {
      buffer.patch(UInt32(buffer.count - start - parameterHeadBytes - keyCount), at: start + 2)
      parameterCount += 1
    }

    /// What an intake hook said about the item; behind its parameters.
    mutating func note(name: [UInt8], value: [UInt8]) {
      buffer.append(UInt16(name.count))
      buffer.append(UInt32(value.count))
      buffer.append(noteFlag)
      buffer.append(contentsOf: name)
      buffer.append(contentsOf: value)
      parameterCount += 1
    }

    /// The whole item as the JSON object it was sent as.
    package mutating func object(_ text: UnsafeRawBufferPointer) {
      buffer.append(UInt32(text.count))
      buffer.append(text)
    }
  }
}
