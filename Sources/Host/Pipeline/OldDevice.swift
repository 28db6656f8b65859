/// Finds the old device id of an item that says two devices are one.
struct OldDevice {
  private static let name: StaticString = "old_device_id"

  private let text = EntryBuffer(capacity: 64)

  /// The decoded id, valid until the next is asked for; nil when the item names none.
  func find(in item: RequestRecord.Item) -> UnsafeRawBufferPointer? {
    guard let object = item.object else { return parameter(of: item) }
    var found: UnsafeRawBufferPointer?
    do throws(IntakeRefusal) {
      _ = try JSONSlices.members(of: object, valueDepthMax: .max) { name, value in
        if name.isEqual(to: Self.name) { found = value }
      }
    } catch { return nil }
    return found.flatMap(scalar)
  }

  private func parameter(of item: RequestRecord.Item) -> UnsafeRawBufferPointer? {
    var found: UnsafeRawBufferPointer?
    var cursor = item.parameters
    while let parameter = cursor.next() {
      guard !parameter.isNote, parameter.key.isEqual(to: Self.name) else { continue }
      found = parameter.isJSON ? scalar(parameter.value) : parameter.value
    }
    return found.flatMap { $0.isEmpty ? nil : $0 }
  }

  private func scalar(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    text.removeAll()
    guard JSONScalar.append(value, to: text), text.count > 0 else { return nil }
    return text.bytes
  }
}
