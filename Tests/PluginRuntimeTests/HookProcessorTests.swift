import Foundation
import Testing

@testable import PluginRuntime

/// Where a runner's hooks run, and who waits for them.
@Suite("The processor of hooks", .serialized)
final class HookProcessorTests {
  private let sleeper = Process()
  private let own: Substring

  init() throws {
    sleeper.executableURL = URL(filePath: "/bin/sleep")
    sleeper.arguments = ["60"]
    try sleeper.run()
    own = try Self.allowed("thread-self")
  }

  deinit { sleeper.terminate() }

  private static func allowed(_ process: String) throws -> Substring {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    return try #require(line?.split(separator: "\t").last)
  }

  /// Where the sleeper and the calling thread may run.
  private func places() throws -> [Substring] {
    try [Self.allowed("\(sleeper.processIdentifier)"), Self.allowed("thread-self")]
  }

  /// Whether both are on one and the same processor.
  private func areTogether() throws -> Bool {
    let places = try places()
    return places[0] == places[1] && Int(places[0]) != nil
  }

  private func comeApart(_ processor: inout HookProcessor) {
    for _ in 0..<HookProcessor.apartMin { processor.end(-1) }
  }

  @Test("Those who are apart stay together for some calls, the waiter while it waits")
  func together() throws {
    var processor = HookProcessor(thread: sleeper.processIdentifier)
    defer { processor.letGo() }
    processor.begin()
    #expect(try places() == [own, own])
    // Apart now and then, and then together once more, is nothing.
    for place in 1..<2 * HookProcessor.apartMin {
      processor.end(place == HookProcessor.apartMin ? 7 : -1, here: 7)
      processor.begin()
      #expect(try places() == [own, own])
    }
    processor.end(-1)
    for _ in 1..<HookProcessor.callsMax {
      processor.begin()
      #expect(try areTogether())
      processor.end(-1)
      #expect(try Self.allowed("thread-self") == own)
    }
    processor.begin()
    #expect(try places() == [own, own])
    processor.end(7, here: 7)
  }

  @Test("A call that takes long lets both go for a while")
  func letsGo() throws {
    var processor = HookProcessor(thread: sleeper.processIdentifier)
    defer { processor.letGo() }
    comeApart(&processor)
    processor.begin()
    #expect(try areTogether())
    processor.letGo()
    #expect(try places() == [own, own])
    comeApart(&processor)
    processor.begin()
    #expect(try places() == [own, own])
    Thread.sleep(forTimeInterval: HookProcessor.rest.seconds)
    comeApart(&processor)
    processor.begin()
    #expect(try areTogether())
  }

  @Test("Nobody is kept for the sake of a runner that is gone")
  func gone() throws {
    var processor = HookProcessor(thread: .max)
    comeApart(&processor)
    processor.begin()
    #expect(try places() == [own, own])
  }
}
