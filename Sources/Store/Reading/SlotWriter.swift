/// Writes the slots of one level after another, and the objects around them.
struct SlotWriter {
  var json: JSONWriter
  private let slots: [DocumentSource.Slot]
  private let scales: [Int]
  private let measureKeys: [[UInt8]]
  private let slotKeys: [[UInt8]]

  init(_ source: DocumentSource, escapesHTML: Bool) {
    let json = JSONWriter(escapesHTML: escapesHTML)
    self.json = json
    slots = source.slots
    scales = source.shape.metric.measures.map(\.scale)
    measureKeys = source.shape.metric.measures.map { json.rendered(key: $0.name) }
    slotKeys = source.slots.map { json.rendered(key: $0.key) }
  }

  /// Opens an object below a key; returns where to come back to should it stay empty.
  mutating func open(_ key: String) -> Int {
    let mark = json.mark
    json.key(key)
    json.open(.object)
    return mark
  }

  /// Closes the object, or takes it back when it holds nothing.
  mutating func close(from mark: Int) {
    if json.isAtOpening { json.rewind(to: mark) } else { json.close(.object) }
  }

  /// Writes what the level's slots hold into the open object.
  mutating func write(_ level: inout LevelValues) {
    let touched = level.sortedSlots()
    var index = touched.startIndex
    while index < touched.endIndex {
      let slot = Int(touched[index])
      switch slots[slot].style {
      case .total:
        writeMeasures(level.values, slot: slot)
        index += 1
      case .inline:
        writeValue(level.values, slot: slot)
        index += 1
      case .histogram(let measure):
        let name = slots[slot].dimension
        let mark = open(name)
        while index < touched.endIndex, isInHistogram(name, slot: Int(touched[index])) {
          writeCount(level.values, slot: Int(touched[index]), measure: measure)
          index += 1
        }
        close(from: mark)
      }
    }
  }

  private func isInHistogram(_ name: String, slot: Int) -> Bool {
    slots[slot].style.isHistogram && slots[slot].dimension == name
  }

  private mutating func writeValue(_ values: [Int64], slot: Int) {
    let mark = json.mark
    json.rendered(slotKeys[slot])
    json.open(.object)
    writeMeasures(values, slot: slot)
    close(from: mark)
  }

  private mutating func writeMeasures(_ values: [Int64], slot: Int) {
    let first = slot * measureKeys.count
    for measure in 0..<measureKeys.count where values[first + measure] != 0 {
      json.rendered(measureKeys[measure])
      json.number(values[first + measure], scale: scales[measure])
    }
  }

  private mutating func writeCount(_ values: [Int64], slot: Int, measure: Int) {
    let value = values[slot * measureKeys.count + measure]
    guard value != 0 else { return }
    json.rendered(slotKeys[slot])
    json.number(value, scale: scales[measure])
  }
}
