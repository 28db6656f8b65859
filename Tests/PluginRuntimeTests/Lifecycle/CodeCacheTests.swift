import Foundation
import Testing

@testable import PluginRuntime

@Suite("Private copies of code")
struct CodeCacheTests {
  private let folder = NSTemporaryDirectory() + "cache-\(UUID().uuidString)"
  /// A file that looks like a shared object of this machine: its header, a segment that is the file
  /// and one that is the dynamic section, which names a table of symbols and one of strings.
  private var head: [UInt8] {
    var head: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 56)
    head[16] = 3
    head[18] = UInt8(SharedObject.hostMachine)
    (head[32], head[54], head[56]) = (64, 56, 2)
    let words: [UInt64] = [
      1, 0, 0, 0, 240, 240, 0,
      2, 176, 176, 0, 64, 64, 0,
      5, 0, 6, 0, 10, 8, 0, 0,
    ]
    return head + words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
  }

  private func write(_ bytes: [UInt8]) throws -> String {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(filePath: folder + "/libx.so"), options: .atomic)
    return folder + "/libx.so"
  }

  @Test("A copy's name holds the hash of its bytes, and later changes do not reach it")
  func copies() throws {
    let cache = try CodeCache(folder: folder + "/cache")
    let path = try write(head)
    let copy = try cache.admit(name: "x", path: path)
    #if arch(x86_64)
      #expect(
        copy.sha256 == "f60e40a2ea1467e0311af18c890dc0f82d920ca9c7ce25d308b569438f18f692")
    #endif
    #expect(copy.path == "\(folder)/cache/x-\(copy.sha256).so")
    _ = try write(head + [1])
    #expect(FileManager.default.contents(atPath: copy.path).map { [UInt8]($0) } == head)
    let next = try cache.admit(name: "x", path: path)
    #expect(next.sha256 != copy.sha256)
    #expect(FileManager.default.contents(atPath: next.path).map { [UInt8]($0) } == head + [1])
  }

  @Test("The same bytes are the same copy, also under another path and after other bytes")
  func sameBytes() throws {
    let cache = try CodeCache(folder: folder + "/cache")
    let first = try cache.admit(name: "x", path: write(head))
    _ = try cache.admit(name: "x", path: write(head + [1]))
    #expect(try cache.admit(name: "x", path: write(head)) == first)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/cache").count == 2)
  }

  @Test("Copies of an earlier process are gone when a new one begins")
  func empties() throws {
    let copy = try CodeCache(folder: folder + "/cache").admit(name: "x", path: write(head))
    _ = try CodeCache(folder: folder + "/cache")
    #expect(!FileManager.default.fileExists(atPath: copy.path))
  }

  @Test("What is no shared object is refused before anything is copied")
  func refuses() throws {
    let cache = try CodeCache(folder: folder + "/cache")
    #expect(throws: PluginError.self) {
      try cache.admit(name: "x", path: write(Array("text".utf8)))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/cache") == [])
  }
}
