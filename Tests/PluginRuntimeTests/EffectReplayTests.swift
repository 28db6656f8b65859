import Foundation
import Harness
import Logging
import PluginABI
import Store
import Testing

@testable import PluginRuntime

/// What a runner sends may be anything. It is refused or performed, and the host goes on.
@Suite("Effects of runners")
struct EffectReplayTests {
  /// A stage in the middle of a call over four items of two users.
  private final class Bench {
    let stage: EffectStage
    let replay: EffectReplay
    private let runtime: PluginRuntime
    private let instance: PluginInstance
    private let batch: UnsafeMutablePointer<tally_batch>
    private let users: UnsafeMutableBufferPointer<Int32>

    init() throws {
      let folder = NSTemporaryDirectory() + "replay-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let library = try Fixture.compile("prober", in: folder)
      let store = try Store.open(directory: folder + "/data")
      let set = try store.workingSet()
      let services = HostTable.Services(
        log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, productVersion: "1.0.0",
        intern: { _ in 1 })
      runtime = PluginRuntime(store: set, services: services, nearest: { _, _ in nil })
      runtime.start(.init(.library(name: "prober", path: library), settings: []))
      instance = try #require(runtime.instances.first)
      instance.admit(to: set)
      users = .allocate(capacity: 2)
      for place in 0..<2 {
        users[place] = try Array("device-\(place)".utf8).withUnsafeBytes {
          try set.user(app: 1, device: $0, nowMs: 1_000).slot
        }
      }
      stage = EffectStage(store: set)
      replay = EffectReplay(stage: stage, table: stage.makeTable())
      batch = Bench.batch()
      stage.beginBatch(UnsafePointer(batch), users: UnsafeBufferPointer(users))
    }

    deinit {
      runtime.stop()
      users.deallocate()
      batch.deallocate()
    }

    private static func batch() -> UnsafeMutablePointer<tally_batch> {
      let size = MemoryLayout<tally_batch>.size
      let stride = MemoryLayout<tally_item>.size
      let memory = UnsafeMutableRawPointer.allocate(byteCount: size + 4 * stride, alignment: 8)
      var head = tally_batch()
      head.struct_size = UInt32(size)
      head.total_size = UInt32(size + 4 * stride)
      head.end_item = 4
      head.items_off = UInt32(size)
      head.item_stride = UInt32(stride)
      memory.storeBytes(of: head, as: tally_batch.self)
      for place in 0..<4 {
        var item = tally_item()
        item.app = 1
        item.user_index = UInt32(place % 2)
        item.hour = 490_000
        memory.storeBytes(of: item, toByteOffset: size + place * stride, as: tally_item.self)
      }
      return memory.assumingMemoryBound(to: tally_batch.self)
    }

    /// Performs a block as one call; why it was refused. `look` sees the call before it is discarded.
    func perform(_ bytes: [UInt8], _ look: (EffectStage) -> Void = { _ in }) throws -> String? {
      stage.beginCall(instance)
      _ = bytes.withUnsafeBytes { replay.run($0) }
      look(stage)
      defer { stage.discard() }
      #expect(stage.storeFailure == nil)
      return stage.violation
    }
  }

  private func written(_ body: (inout WireWriter) -> Void) -> [UInt8] {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 8)
    defer { memory.deallocate() }
    guard let base = memory.baseAddress else { return [] }
    var writer = WireWriter(base: base, capacity: memory.count)
    body(&writer)
    return Array(memory.prefix(writer.used))
  }

  /// The words of a series of metric 1.
  private func series(_ writer: inout WireWriter, metric: UInt64 = 1, kind: String = "kind") {
    writer.put(metric)
    for text in ["subject", kind, "value"] { writer.put(text) }
  }

  @Test("What inproc refuses is refused in the same words")
  func refusals() throws {
    let bench = try Bench()
    #expect(
      try bench.perform(
        written {
          $0.put(Wire.Entry.cellPut.rawValue, 4)
          $0.put("x")
        }) == "an effect names item 4, which is outside this call's window")
    #expect(
      try bench.perform(
        written {
          $0.put(Wire.Entry.count.rawValue, 0)
          series(&$0)
          $0.put(490_000, 9)
          $0.put(8)
          for _ in 0..<8 { $0.put(1) }
        }) == "count adds 9 measures, need 1 to 8")
    #expect(
      try bench.perform(
        written {
          $0.put(Wire.Entry.count.rawValue, 0)
          series(&$0, metric: 77)
          $0.put(490_000, 1)
          $0.put(1)
          $0.put(1)
        })
        == "tally_series has a wrong struct_size or a metric that was not registered")
    #expect(
      try bench.perform(
        written {
          $0.put(Wire.Entry.fact.rawValue, 0)
          $0.put(String(repeating: "x", count: 4_097))
        }) == "a fact of 4097 bytes is over the limit of 4096")
    #expect(
      try bench.perform(
        written {
          $0.put(Wire.Entry.row.rawValue, 0)
          $0.put(9)
          $0.put("key")
          $0.put("payload")
        }) == "row names table 9, which was not registered")
  }

  @Test("A runner that was told wrong grains, or says so, is not believed")
  func grains() throws {
    let bench = try Bench()
    let unique = { (told: UInt64) in
      written {
        $0.put(Wire.Entry.unique.rawValue, 0)
        series(&$0)
        $0.put(490_000, 0)
        $0.put(told)
      }
    }
    #expect(try bench.perform(unique(63)) == nil)
    #expect(try bench.perform(unique(Wire.none)) == nil)
    #expect(
      try bench.perform(unique(0))
        == "its runner answered unique with grains 0, the store says 63")
  }

  @Test("The one name within a limit is the first that was named, though counts are settled later")
  func firstName() throws {
    let bench = try Bench()
    let before = bench.stage.store.overLimit
    let block = written {
      $0.put(Wire.Entry.count.rawValue, 0)
      series(&$0, kind: "first")
      $0.put(490_000, 1)
      $0.put(1)
      $0.put(1)
      $0.put(Wire.Entry.unique.rawValue, 0)
      series(&$0, kind: "second")
      $0.put(490_000, 0)
      $0.put(Wire.none)
    }
    let refusal = try bench.perform(block) { stage in
      #expect(stage.store.overLimit == before + 1)
      stage.settleCounts()
      #expect(stage.store.overLimit == before + 1)
      let counted = stage.counts.first.map { stage.store.seriesID($0.series) }
      #expect(counted == stage.lastUniqueSeries - 1)
    }
    #expect(refusal == nil)
  }

  @Test("Blocks of any bytes leave the host as it was")
  func anything() throws {
    let bench = try Bench()
    var state: UInt64 = 11
    let next = { (bound: UInt64) -> UInt64 in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    var refused = 0
    for round in 0..<5_000 {
      let words = Int(next(24))
      let bytes = written { writer in
        for place in 0..<words {
          switch next(5) {
          case 0: writer.put(UInt32(next(20)), UInt32(next(5)))
          case 1: writer.put(next(40))
          case 2: writer.put(UInt64.max - next(3))
          case 3: writer.put(UInt64(1) << next(64))
          default: writer.put("text \(place)")
          }
        }
      }
      let cut = Int(next(8)) == 0 ? bytes.count / 2 : bytes.count
      if try bench.perform(Array(bytes.prefix(cut))) != nil { refused += 1 }
      if round == 0 { #expect(bench.stage.counts.isEmpty) }
    }
    #expect(refused > 4_000)
  }
}
