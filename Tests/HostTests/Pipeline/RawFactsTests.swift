import PluginRuntime
import Testing

@testable import Host

@Suite struct RawFactsTests {
  @Test("Facts are read as they were said, newest first, whatever their length")
  func roundTrip() {
    let block = FactBlock()
    block.begin(items: 2)
    let values: [[UInt8]] = [
      [], [7], Array(repeating: 0, count: 100), (0..<130).map { UInt8($0 % 3) },
      Array(repeating: 9, count: 8),
    ]
    for (place, value) in values.enumerated() {
      value.withUnsafeBytes { block.append(item: 1, name: UInt32(place), value: $0) }
    }
    let facts = RawFacts(
      names: Dictionary(
        uniqueKeysWithValues: values.indices.map { (UInt32($0), Array("plugin-\($0)".utf8)) }))
    facts.collect(from: block, item: 1)
    let read = RawFacts.read(Array(facts.bytes))
    #expect(read?.map(\.value) == values.reversed())
    #expect(read?.map { String(decoding: $0.name, as: UTF8.self) }.last == "plugin-0")
    facts.collect(from: block, item: 0)
    #expect(RawFacts.read(Array(facts.bytes)) == [])
  }

  @Test("Bytes that are cut short are no facts")
  func damaged() {
    let block = FactBlock()
    block.begin(items: 1)
    [UInt8](repeating: 5, count: 40).withUnsafeBytes {
      block.append(item: 0, name: 1, value: $0)
    }
    let facts = RawFacts(names: [1: Array("users".utf8)])
    facts.collect(from: block, item: 0)
    for count in 1..<facts.bytes.count {
      #expect(RawFacts.read(Array(facts.bytes.prefix(count))) == nil, "\(count)")
    }
  }
}
