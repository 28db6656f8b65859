import PluginABI
import Testing

@testable import PluginRuntime

/// What a runner asks of services may be anything.
@Suite("Services of a runner")
struct ServiceReplayTests {
  private let replay = ServiceReplay(context: nil, appID: { $0 == 1 ? "one" : nil })

  private func answer(_ frame: [UInt8]) throws -> (status: tally_status, rest: [UInt8]) {
    let bytes = try frame.withUnsafeBytes { try replay.answer($0) }
    return try bytes.withUnsafeBytes { bytes in
      var reader = WireReader(bytes)
      let status = tally_status(truncatingIfNeeded: Int64(bitPattern: try reader.word()))
      _ = try reader.text()
      return (status, Array(bytes[reader.place...]))
    }
  }

  @Test("A host without services says so, and answers what is no service")
  func without() throws {
    var frame = ServiceFrame(.get)
    frame.put(1, 0)
    frame.put("key")
    #expect(try answer(frame.bytes).status == TALLY_UNSUPPORTED)
    var known = ServiceFrame(.appID)
    known.put(1)
    let told = try answer(known.bytes)
    #expect(told.status == TALLY_OK)
    #expect(Array(told.rest.dropFirst(8).prefix(3)) == Array("one".utf8))
    var unknown = ServiceFrame(.appID)
    unknown.put(2)
    #expect(try answer(unknown.bytes).status == TALLY_NOT_FOUND)
  }

  @Test("A frame that is none is damage, and ends nobody")
  func damage() {
    var state: UInt64 = 7
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    for _ in 0..<2_000 {
      var frame = ServiceFrame()
      frame.put(next() % 80)
      let bytes = frame.bytes + (0..<next() % 80).map { _ in UInt8(truncatingIfNeeded: next()) }
      bytes.withUnsafeBytes { _ = try? replay.answer($0) }
    }
    for call in [0, 3, 99, UInt64.max] {
      var frame = ServiceFrame()
      frame.put(call)
      #expect(throws: WireDamage.self) { try frame.bytes.withUnsafeBytes { try replay.answer($0) } }
    }
  }
}
