import Foundation
import Harness
import PluginABI
import PluginRuntime
import PluginTestKit
import Testing

struct TestHostTests {
  /// A C plugin of the fixtures, compiled here.
  private func library(_ fixture: String, in folder: TestFolder) throws -> String {
    try Fixture.compile(fixture, in: folder.path)
  }

  @Test("What items carry is counted, committed and answered")
  func countsAndAnswers() throws {
    let folder = try TestFolder()
    let host = try TestHost(TestPlugin(library: library("taps", in: folder)))
    try host.accept(TestItem(["taps": "buy"]), TestItem(["taps": "sell"], user: 2))
    try host.accept(TestItem(["taps": "buy"], seconds: 60))
    #expect(try host.total("taps", "taps", dimension: "button", value: "buy") == ["t": 2])
    #expect(try host.total("taps", "taps", dimension: "button", value: "none") == [:])
    let answer = try host.ask(["method": "taps", "period": "day"])
    #expect(answer.status == 200)
    #expect(answer.body.contains(#""buy":{"t":2}"#))
    #expect(try host.ask(["method": "unknown"]).status == 400)
    #expect(host.refusals == [])
  }

  @Test("A restart keeps what was counted, and positions go on")
  func restart() throws {
    let folder = try TestFolder()
    let host = try TestHost(TestPlugin(library: library("taps", in: folder)))
    try host.accept(TestItem(["taps": "buy"]))
    let before = try host.contents()
    let position = host.nextPosition
    try host.restart()
    #expect(try host.contents() == before)
    #expect(host.nextPosition == position)
    try host.accept(TestItem(["taps": "buy"], seconds: 1))
    #expect(try host.total("taps", "taps", dimension: "button", value: "buy") == ["t": 2])
  }

  @Test("The same items leave the same contents, however they are cut into batches")
  func contents() throws {
    let folder = try TestFolder()
    let path = try library("taps", in: folder)
    let items = (0..<20).map {
      TestItem(["taps": .string("b\($0 % 3)"), "begin_session": 1], user: UInt64($0 % 4 + 1))
    }
    let whole = try TestHost(TestPlugin(library: path))
    try whole.accept(items)
    let single = try TestHost(TestPlugin(library: path))
    for item in items { try single.accept(item) }
    let less = try TestHost(TestPlugin(library: path))
    try less.accept(Array(items.dropLast()))
    #expect(try whole.contents() == single.contents())
    #expect(try whole.contents() != less.contents())
  }

  @Test("An item that a hook refuses is told, and nothing of it is counted")
  func refusal() throws {
    let folder = try TestFolder()
    let host = try TestHost(TestPlugin(library: library("garbage-status", in: folder)))
    try host.accept(TestItem(["trap_me": "1"]), TestItem(["other": "1"], user: 2))
    #expect(host.refusals == ["garbage-status: status 12345: no reason given"])
  }

  @Test("Users become one, with one cell, once, also behind a restart")
  func merge() throws {
    let folder = try TestFolder()
    let host = try TestHost(TestPlugin(library: library("joins", in: folder)))
    for user in 1...3 as ClosedRange<UInt64> {
      try host.accept(TestItem(["label": .string("u\(user)")], user: user))
    }
    #expect(try host.merge(user: 1, into: 2))
    #expect(try !host.merge(user: 1, into: 2))
    #expect(try !host.merge(user: 9, into: 2))
    #expect(try host.cell("joins", user: "device-1") == Array("u2+u1".utf8))
    try host.restart()
    #expect(try host.merge(user: 1, into: 3))
    #expect(try host.cell("joins", user: "device-2") == Array("u3+u2+u1".utf8))
    try host.accept(TestItem(["label": "one"], user: 1))
    #expect(try host.cell("joins", user: "device-3") == Array("one".utf8))
    #expect(host.refusals == [])
  }

  @Test("A plugin that does not start is an error with its reason")
  func refusedStart() throws {
    let folder = try TestFolder()
    let path = try library("refuses-start", in: folder)
    let error = #expect(throws: PluginError.self) { try TestHost(TestPlugin(library: path)) }
    #expect(error?.message.contains("the licence file is missing") == true)
  }
}
