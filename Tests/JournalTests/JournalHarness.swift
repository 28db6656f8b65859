import Foundation
import Harness
import Testing

@testable import Journal

/// A folder of its own that goes with the test.
final class TestFolder {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "journal-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// As a process that is killed now would leave it.
  func copy() -> TestFolder {
    let copy = TestFolder()
    for file in files { copy.write(read(file), to: file) }
    return copy
  }

  /// Segments, in order.
  var files: [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return all.filter { $0.hasSuffix(".segment") }.sorted()
  }

  func read(_ file: String) -> [UInt8] {
    [UInt8](FileManager.default.contents(atPath: path + "/" + file) ?? Data())
  }

  func write(_ bytes: [UInt8], to file: String) {
    let done = FileManager.default.createFile(atPath: path + "/" + file, contents: Data(bytes))
    #expect(done)
  }

  func remove(_ file: String) { try? FileManager.default.removeItem(atPath: path + "/" + file) }

  func flip(_ file: String, at offset: Int, bit: Int) {
    var bytes = read(file)
    bytes[offset] ^= 1 << UInt8(bit)
    write(bytes, to: file)
  }
}

/// Remembers what it was told; tests wait for it.
final class TestSink: JournalSink, @unchecked Sendable {
  private let condition = NSCondition()
  private var outcomes: [UInt64: Bool] = [:]
  private var repeated: [UInt64] = []
  private var calls = 0

  func completed(_ tokens: [UInt64], durable: Bool) {
    condition.withLock {
      calls += 1
      for token in tokens where outcomes.updateValue(durable, forKey: token) != nil {
        repeated.append(token)
      }
      condition.broadcast()
    }
  }

  /// How the entry ended; nil when nothing was said in all that time.
  func outcome(of token: UInt64) -> Bool? {
    wait { $0[token] != nil }
    return condition.withLock { outcomes[token] }
  }

  func waitForAll(_ count: Int) { wait { $0.count >= count } }

  var durable: Set<UInt64> { condition.withLock { Set(outcomes.filter(\.value).keys) } }
  var refused: Set<UInt64> { condition.withLock { Set(outcomes.filter { !$0.value }.keys) } }
  var toldTwice: [UInt64] { condition.withLock { repeated } }
  var callCount: Int { condition.withLock { calls } }

  private func wait(until done: ([UInt64: Bool]) -> Bool) {
    condition.withLock {
      let deadline = Date(timeIntervalSinceNow: Patience.seconds)
      while !done(outcomes), condition.wait(until: deadline) {}
    }
  }
}

/// A disk that fails, waits or runs full when a test says so.
final class FaultyDisk: @unchecked Sendable {
  private let condition = NSCondition()
  private var writeFailure: Int32 = 0
  private var syncFailure: Int32 = 0
  private var truncateFailure: Int32 = 0
  private var held = false
  private var heldCalls = 0
  private var free = Int.max
  private var syncs = 0

  func failWrites(_ number: Int32) { condition.withLock { writeFailure = number } }
  func failSyncs(_ number: Int32) { condition.withLock { syncFailure = number } }
  func failTruncates(_ number: Int32) { condition.withLock { truncateFailure = number } }
  func setFree(_ bytes: Int) { condition.withLock { free = bytes } }
  var syncCount: Int { condition.withLock { syncs } }

  /// From now on every sync waits for `release`.
  func hold() { condition.withLock { held = true } }

  func release() {
    condition.withLock {
      held = false
      condition.broadcast()
    }
  }

  /// Until a sync waits.
  func waitUntilHeld() {
    condition.withLock { while heldCalls == 0 { condition.wait() } }
  }

  /// Syncs do not reach the machine's disk: the tests need its speed, not its memory.
  var files: FileOperations {
    let posix = FileOperations.posix
    return FileOperations(
      write: { descriptor, bytes, offset in
        let failure = self.condition.withLock { self.writeFailure }
        return failure != 0 ? failure : posix.write(descriptor, bytes, offset)
      },
      sync: { _ in self.sync() },
      truncate: { descriptor, offset in
        let failure = self.condition.withLock { self.truncateFailure }
        return failure != 0 ? failure : posix.truncate(descriptor, offset)
      },
      syncDirectory: { _ in 0 },
      freeBytes: { _ in self.condition.withLock { self.free } })
  }

  private func sync() -> Int32 {
    condition.withLock {
      syncs += 1
      heldCalls += 1
      condition.broadcast()
      while held { condition.wait() }
      heldCalls -= 1
      return syncFailure
    }
  }
}

/// One entry as a test sees it.
struct TestEntry: Equatable, CustomStringConvertible {
  let position: UInt64
  let text: String

  var description: String { "\(position):\(text.prefix(40))" }
}

extension JournalConfiguration {
  /// Small and on a quick disk.
  static func test(_ folder: TestFolder, disk: FaultyDisk = FaultyDisk()) -> JournalConfiguration {
    JournalConfiguration(
      directory: folder.path, segmentBytes: 4096, probeInterval: .milliseconds(5),
      files: disk.files)
  }
}

extension Journal {
  func append(_ text: String, sink: Int, token: UInt64) -> JournalAppend {
    Array(text.utf8).withUnsafeBytes { append($0, sink: sink, token: token) }
  }

  /// Appends one after the other, each in a group of its own; all must become durable.
  func appendGroups(_ texts: [String]) {
    let sink = TestSink()
    let number = attach(sink)
    for (token, text) in texts.enumerated() {
      #expect(append(text, sink: number, token: UInt64(token)) == .queued)
      #expect(sink.outcome(of: UInt64(token)) == true)
    }
  }

  /// Everything that can be read at once.
  func entries(from position: UInt64 = 1, maxBytes: Int = 1 << 20, maxEntries: Int = 1_000) throws
    -> [TestEntry]
  {
    try reader(from: position).entries(maxBytes: maxBytes, maxEntries: maxEntries)
  }
}

extension JournalReader {
  func entries(maxBytes: Int = 1 << 20, maxEntries: Int = 1_000) throws -> [TestEntry] {
    var found: [TestEntry] = []
    var batch = JournalBatch()
    while true {
      try next(into: &batch, maxBytes: maxBytes, maxEntries: maxEntries, timeout: .zero)
      if batch.entries.isEmpty { return found }
      #expect(batch.entries.count <= maxEntries)
      batch.withEntries { position, bytes in
        found.append(TestEntry(position: position, text: String(decoding: bytes, as: UTF8.self)))
      }
    }
  }
}

/// Entries as they are expected: positions counted up from `first`.
func numbered(_ texts: [String], from first: UInt64 = 1) -> [TestEntry] {
  texts.enumerated().map { TestEntry(position: first + UInt64($0.offset), text: $0.element) }
}
