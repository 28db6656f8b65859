import Testing

@testable import Store

@Suite struct ByteTableTests {
  @Test("Inserting and removing in any order is what a dictionary does", arguments: 0..<6)
  func property(seed: UInt64) {
    var generator = SplitMix(seed: seed)
    var table = ByteTable(hash: ByteHash(seed: seed))
    var model: [[UInt8]: Int32] = [:]
    for step in 0..<30_000 {
      // Few different keys, so that they come and go; lengths around the words the hash reads.
      let length = Int.random(in: 0...34, using: &generator)
      var key = [UInt8](repeating: 7, count: length)
      for place in key.indices.suffix(2) { key[place] = UInt8.random(in: 0...6, using: &generator) }
      let found = key.withUnsafeBytes { table.find($0) }
      #expect(found == model[key] ?? -1)
      if let slot = model[key] {
        guard UInt64.random(in: 0..<3, using: &generator) == 0 else { continue }
        table.remove(slot)
        model[key] = nil
      } else {
        let slot = key.withUnsafeBytes { table.insert($0) }
        #expect(!model.values.contains(slot))
        #expect(Array(table.key(slot)) == key)
        model[key] = slot
      }
      if step % 1_000 == 0 { table.compactIfWorthwhile() }
    }
    #expect(table.count == model.count)
    for (key, slot) in model { #expect(Array(table.key(slot)) == key) }
  }

  @Test("Memory of removed keys is given back, and what stays is still found")
  func compaction() {
    var table = ByteTable(hash: ByteHash(seed: 3))
    func key(_ number: Int) -> [UInt8] { Array("some longer key number \(number)".utf8) }
    for number in 0..<20_000 { _ = key(number).withUnsafeBytes { table.insert($0) } }
    let full = table.bytes
    for number in 0..<20_000 where number % 10 != 0 {
      table.remove(key(number).withUnsafeBytes { table.find($0) })
    }
    table.compactIfWorthwhile()
    #expect(table.bytes * 5 < full)
    for number in 0..<20_000 {
      #expect(key(number).withUnsafeBytes { table.find($0) >= 0 } == (number % 10 == 0))
    }
  }

  @Test("Every byte and the length of a key change its hash")
  func hash() {
    let hash = ByteHash(seed: 42)
    for length in 1...70 {
      var key = [UInt8](repeating: 0, count: length)
      var seen: Set<UInt64> = [key.withUnsafeBytes { hash($0) }]
      for place in key.indices {
        key[place] = 1
        seen.insert(key.withUnsafeBytes { hash($0) })
        key[place] = 0
      }
      seen.insert((key + [0]).withUnsafeBytes { hash($0) })
      #expect(seen.count == length + 2)
    }
  }

  @Test("Another seed gives other hashes")
  func seeds() {
    let key = Array("device".utf8)
    let hashes = Set((0..<100).map { seed in key.withUnsafeBytes { ByteHash(seed: seed)($0) } })
    #expect(hashes.count == 100)
  }
}
