import FakeHost
import Foundation
import PluginABI
import Testing

/// Plugins in plain C, compiled here and loaded as a host loads them.
struct FixtureTests {
  /// Compiles and opens a fixture; its library stays mapped until the tests end.
  private func load(_ name: String) throws -> UnsafePointer<tally_plugin>? {
    let compiler = try #require(Compiler.any)
    return try Compiler.withFolder { folder in
      let library = "\(folder)/lib\(name).so"
      let source = "\(Compiler.root)/Tests/Fixtures/Plugins/\(name).c"
      #expect(
        try compiler.compile(source, to: library, ["-shared", "-fPIC", "-fvisibility=hidden"])
          == "")
      let handle = try #require(dlopen(library, RTLD_NOW | RTLD_LOCAL))
      let symbol = "tally_plugin_" + name.replacing("-", with: "_")
      guard let entry = dlsym(handle, symbol) else { return nil }
      return unsafeBitCast(entry, to: tally_plugin_entry.self)()
    }
  }

  @Test("A plugin written from the header alone counts and answers")
  func taps() throws {
    let host = FakeHost()
    #expect(host.start(try #require(try load("taps"))) == nil)
    host.accept(
      FakeItem(["taps": "buy"]), FakeItem(["other": "buy"]), FakeItem(["taps": "sell"], user: 2),
      FakeItem(["taps": "buy"], seconds: 86_400))
    #expect(host.values("taps", "button") == ["buy": 2, "sell": 1])
    #expect(host.refusals.isEmpty)
    host.accept(FakeItem(["taps": 7]))
    #expect(host.values("taps", "button") == ["buy": 2, "sell": 1])
    #expect(host.ask(["method": "taps"]).status == 200)
  }

  @Test("A library without the entry has none")
  func noEntry() throws {
    #expect(try load("no-entry") == nil)
  }

  @Test("A plugin for another contract says so in its table")
  func otherContract() throws {
    #expect(try #require(try load("other-abi")).pointee.abi_major == 99)
    #expect(try #require(try load("newer-host")).pointee.min_host_minor == 999)
    #expect(try #require(try load("short-struct")).pointee.struct_size == 16)
  }

  @Test("A plugin that refuses to start leaves its reason")
  func refusesStart() throws {
    let reason = FakeHost().start(try #require(try load("refuses-start")))
    #expect(reason == "the licence file is missing; put it beside the library")
  }

  @Test("A hook that returns a status of no list is refused")
  func garbageStatus() throws {
    let host = FakeHost()
    #expect(host.start(try #require(try load("garbage-status"))) == nil)
    host.accept(FakeItem(["a": "b"]))
    #expect(host.refusals.isEmpty)
    host.accept(FakeItem(["trap_me": "1"]))
    #expect(host.refusals == ["garbage-status: 12345 "])
  }

  @Test("The plugin that traps does nothing to other items")
  func traps() throws {
    let host = FakeHost()
    #expect(host.start(try #require(try load("traps"))) == nil)
    host.accept(FakeItem(["a": "b"]))
    #expect(host.refusals.isEmpty)
  }
}
