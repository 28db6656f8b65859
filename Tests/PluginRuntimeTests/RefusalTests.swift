import Foundation
import Logging
import Store
import Testing

@testable import PluginRuntime

/// Broken plugins, each refused with words that name the file, what is needed, what is there, and a
/// remedy.
@Suite("Refusals")
struct RefusalTests {
  private let folder = NSTemporaryDirectory() + "refusals-\(UUID().uuidString)"

  /// Starts `lib<name>.so` of the folder in a runtime of its own; what the runtime refused with.
  private func refusal(of name: String, settings: [GivenSetting] = []) throws -> String? {
    let store = try Store.open(directory: folder + "/data")
    let services = HostTable.Services(
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, productVersion: "1.0.0",
      intern: { _ in 1 })
    let runtime = PluginRuntime(
      store: try store.workingSet(), services: services, nearest: { _, known in known.first })
    defer { runtime.stop() }
    runtime.start(
      .init(.library(name: name, path: "\(folder)/lib\(name).so"), settings: settings))
    #expect(runtime.instances.isEmpty == !runtime.refusals.isEmpty)
    return runtime.refusals.first?.error.description.replacing(folder, with: "FOLDER")
  }

  /// Compiles a fixture into the folder.
  private func compile(_ fixture: String) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let compiler = Process()
    compiler.executableURL = URL(filePath: "/usr/bin/env")
    compiler.arguments = [
      "cc", "-shared", "-fPIC", "-fvisibility=hidden", "-I\(root)/Sources/PluginABI/include",
      "\(root)/Tests/Fixtures/Plugins/\(fixture).c", "-o", "\(folder)/lib\(fixture).so",
    ]
    try compiler.run()
    compiler.waitUntilExit()
    #expect(compiler.terminationStatus == 0)
  }

  private func write(_ name: String, _ bytes: [UInt8]) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(filePath: "\(folder)/lib\(name).so"))
  }

  @Test("A library that is not there")
  func missing() throws {
    #expect(
      try refusal(of: "gone")
        == "TALLY-100: FOLDER/libgone.so cannot be read; install the plugin there or set `path` "
        + "in plugins.yaml")
  }

  @Test("A file that is no ELF")
  func text() throws {
    try write("text", Array("#!/bin/sh\necho no plugin\n".utf8))
    #expect(
      try refusal(of: "text")
        == "TALLY-101: FOLDER/libtext.so is not an ELF file; need a shared object (.so) built for Linux"
    )
  }

  @Test("A program instead of a shared object, and another machine's object")
  func wrongKind() throws {
    var head: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 56)
    head[16] = 2
    head[18] = 62
    try write("program", head)
    #expect(try refusal(of: "program")?.contains("is a program (64-bit, x86-64)") == true)
    head[16] = 3
    head[18] = 40
    head[4] = 1
    try write("arm", head)
    #expect(try refusal(of: "arm")?.contains("is a shared object (32-bit, arm)") == true)
  }

  @Test("A library without its entry")
  func noEntry() throws {
    try compile("no-entry")
    #expect(
      try refusal(of: "no-entry")
        == "TALLY-102: FOLDER/libno-entry.so does not export tally_plugin_no_entry; export one "
        + "function of that name with TALLY_EXPORT (the name follows the file: libno-entry.so)")
  }

  @Test("A plugin for another ABI, and one for a newer host")
  func otherVersion() throws {
    try compile("other-abi")
    #expect(
      try refusal(of: "other-abi")
        == "TALLY-110: FOLDER/libother-abi.so was built for ABI major 99, this host serves 1; "
        + "rebuild it with this host's tally_plugin.h")
    try compile("newer-host")
    #expect(
      try refusal(of: "newer-host")
        == "TALLY-111: FOLDER/libnewer-host.so needs host minor 999, this host has 0; update Tally")
  }

  @Test("A table that is too short")
  func shortTable() throws {
    try compile("short-struct")
    #expect(
      try refusal(of: "short-struct")
        == "TALLY-113: FOLDER/libshort-struct.so: tally_plugin.struct_size is 16, need 104; set it to "
        + "sizeof(tally_plugin)")
  }

  @Test("A plugin that refuses to start")
  func refusesStart() throws {
    try compile("refuses-start")
    #expect(
      try refusal(of: "refuses-start")
        == "TALLY-160: refuses-start: start answered -1: the licence file is missing; put it beside "
        + "the library; the server runs without it")
  }

  @Test("A setting the plugin does not have")
  func unknownSetting() throws {
    try compile("taps")
    let given = GivenSetting(name: "colour", text: "red", place: "plugins.yaml:3:9")
    #expect(
      try refusal(of: "taps", settings: [given])
        == "TALLY-140: plugins.yaml:3:9: unknown setting \"colour\" of plugin taps; Known: none")
  }

  @Test("A plugin in C, written from the header alone, runs")
  func runs() throws {
    try compile("taps")
    #expect(try refusal(of: "taps") == nil)
  }
}
