import Foundation
import Testing

@testable import PluginRuntime

@Suite("Quarantine")
struct QuarantineTests {
  @Test("It is remembered by the code's hash, over a restart, until it is forgiven")
  func remembers() throws {
    let path = NSTemporaryDirectory() + "quarantine-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var first = Quarantine(path: path)
    #expect(first.reason("a", code: "x") == nil)
    try first.add("a", code: "x", reason: "3 faults")
    try first.add("b", code: "y", reason: "3 faults more")
    var second = Quarantine(path: path)
    #expect(second.reason("a", code: "x") == "3 faults")
    #expect(second.reason("a", code: "other") == nil)
    try second.forget { $0 == "a" }
    let third = Quarantine(path: path)
    #expect(third.reason("a", code: "x") == nil)
    #expect(third.reason("b", code: "y") == "3 faults more")
  }

  @Test("Who has to run in a process of its own is remembered beside who is kept out")
  func moves() throws {
    let path = NSTemporaryDirectory() + "quarantine-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var first = Quarantine(path: path)
    try first.move("a", code: "x", reason: "ended the server")
    try first.move("b", code: "y", reason: "ended the server too")
    // In that process it is kept out as anybody else.
    try first.add("a", code: "x isolated", reason: "3 faults")
    var second = Quarantine(path: path)
    #expect(second.moved("a", code: "x") == "ended the server")
    #expect(second.moved("a", code: "other") == nil)
    #expect(second.reason("a", code: "x") == nil)
    #expect(second.reason("a", code: "x isolated") == "3 faults")
    try second.forget { $0 == "a" }
    let third = Quarantine(path: path)
    #expect(third.moved("a", code: "x") == nil)
    #expect(third.reason("a", code: "x isolated") == nil)
    #expect(third.moved("b", code: "y") == "ended the server too")
  }

  @Test("A file that cannot be read forgets everybody, and one is not needed")
  func damaged() throws {
    let path = NSTemporaryDirectory() + "quarantine-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("not JSON".utf8).write(to: URL(filePath: path))
    #expect(Quarantine(path: path).reason("a", code: "x") == nil)
    var fleeting = Quarantine(path: nil)
    try fleeting.add("a", code: "x", reason: "3 faults")
    #expect(fleeting.reason("a", code: "x") == "3 faults")
  }
}
