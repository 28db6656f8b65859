import CSimdjson
import PluginABI
import PluginRuntime
import Testing

/// What isolated plugins read where it is has to be there.
@Suite("Where batches lie")
struct BatchMemoryTests {
  @Test("A block lies in the memory it was lent, elsewhere when it is too large, and comes back")
  func blocks() throws {
    let memory = try BatchMemory()
    let lent = memory[.built]
    let json = try #require(tally_json_new())
    defer { tally_json_free(json) }
    tally_json_lend(json, lent.baseAddress, lent.count)
    for (count, isLent) in [(100, true), (BatchMemory.partBytes, false), (200, true)] {
      let text = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
      tally_json_begin(json)
      let place = text.withUnsafeBytes { tally_json_text(json, $0.baseAddress, $0.count) }
      let batch = try #require(tally_json_finish(json, nil, 0, nil, 0))
      let start = UnsafeRawPointer(batch)
      #expect((start == lent.baseAddress.map { UnsafeRawPointer($0) }) == isLent, "\(count)")
      let kept = UnsafeRawBufferPointer(start: start + Int(place), count: count)
      #expect(kept.elementsEqual(text), "\(count)")
      #expect(batch.pointee.n_nodes == 1)
    }
  }

  @Test("So do facts")
  func facts() throws {
    let memory = try BatchMemory()
    let facts = FactBlock(in: memory)
    let value = [UInt8](repeating: 7, count: 4_096)
    for (count, isLent) in [(3, true), (2_000, false), (3, true)] {
      facts.begin(items: 2)
      for number in 0..<count {
        value.withUnsafeBytes { facts.append(item: number % 2, name: 5, value: $0) }
      }
      let start = UnsafeRawPointer(facts.pointer)
      #expect((start == memory[.facts].baseAddress.map { UnsafeRawPointer($0) }) == isLent)
      var found = 0
      for item in 0..<2 {
        facts.forEach(item: item) { name, bytes in
          found += name == 5 && bytes.elementsEqual(value) ? 1 : 0
        }
      }
      #expect(found == count)
    }
  }
}
