import Foundation
import Testing

@testable import PluginRuntime

/// Broken plugins, each refused with words that name the file, what is needed, what is there, and a
/// remedy.
@Suite("Refusals")
struct RefusalTests {
  private let folder: PluginFolder

  init() throws { folder = try PluginFolder() }

  private func write(_ name: String, _ bytes: [UInt8]) throws {
    // Another file each time: what was loaded stays mapped.
    try Data(bytes).write(to: URL(filePath: folder.library(name)), options: .atomic)
  }

  @Test("A library that is not there")
  func missing() throws {
    #expect(
      try folder.refusal("gone")
        == "TALLY-100: FOLDER/libgone.so cannot be read; install the plugin there or set `path` "
        + "in plugins.yaml")
  }

  @Test("A file that is no ELF")
  func text() throws {
    try write("text", Array("#!/bin/sh\necho no plugin\n".utf8))
    #expect(
      try folder.refusal("text")
        == "TALLY-101: FOLDER/libtext.so is not an ELF file; need a shared object (.so) built for Linux"
    )
  }

  @Test("A program instead of a shared object, and another machine's object")
  func wrongKind() throws {
    var head: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 56)
    head[16] = 2
    head[18] = 62
    try write("program", head)
    #expect(try folder.refusal("program")?.contains("is a program (64-bit, x86-64)") == true)
    head[16] = 3
    head[18] = 40
    head[4] = 1
    try write("arm", head)
    #expect(try folder.refusal("arm")?.contains("is a shared object (32-bit, arm)") == true)
  }

  @Test("A library that is cut short, as while it is copied, wherever that is")
  func cutShort() throws {
    try folder.compile("refuses-start")
    let whole = try Data(contentsOf: URL(filePath: folder.library("refuses-start")))
    let bytes = [UInt8](whole)
    for length in stride(from: 64, to: bytes.count, by: 512) {
      try write("refuses-start", Array(bytes.prefix(length)))
      let words = try #require(try folder.refusal("refuses-start"), "\(length)")
      // Behind the last segment nothing is loaded.
      guard !words.hasPrefix("TALLY-160") else { break }
      #expect(words.hasPrefix("TALLY-101: FOLDER/librefuses-start.so is cut short or damaged: "))
    }
    var half = bytes
    let quarter = half.count / 4
    half.replaceSubrange(quarter..., with: repeatElement(0, count: half.count - quarter))
    try write("refuses-start", half)
    let words = try folder.refusal("refuses-start")
    #expect(words?.hasPrefix("TALLY-101") == true, "\(words ?? "")")
  }

  @Test("A library without its entry")
  func noEntry() throws {
    try folder.compile("no-entry")
    #expect(
      try folder.refusal("no-entry")
        == "TALLY-102: FOLDER/libno-entry.so does not export tally_plugin_no_entry; export one "
        + "function of that name with TALLY_EXPORT (the name follows the file: libno-entry.so)")
  }

  @Test("A plugin for another ABI, and one for a newer host")
  func otherVersion() throws {
    try folder.compile("other-abi")
    #expect(
      try folder.refusal("other-abi")
        == "TALLY-110: FOLDER/libother-abi.so was built for ABI major 99, this host serves 1; "
        + "rebuild it with this host's tally_plugin.h")
    try folder.compile("newer-host")
    #expect(
      try folder.refusal("newer-host")
        == "TALLY-111: FOLDER/libnewer-host.so needs host minor 999, this host has 0; update Tally")
  }

  @Test("A table that is too short")
  func shortTable() throws {
    try folder.compile("short-struct")
    #expect(
      try folder.refusal("short-struct")
        == "TALLY-113: FOLDER/libshort-struct.so: tally_plugin.struct_size is 16, need 112; set it to "
        + "sizeof(tally_plugin)")
  }

  /// What each statement makes of the tables, and how it is refused; LIB is the library's path.
  private static let broken: [(statement: String, reason: String)] = [
    ("return NULL", "TALLY-113: LIB: the entry function returned NULL, need a tally_plugin"),
    (
      "return lengthen(&plugin, 7)",
      """
      TALLY-112: LIB: tally_plugin has 120 bytes with data behind the 112 this host knows (plugin \
      minor 0, host minor 0); update Tally
      """
    ),
    (
      "plugin.descriptor = lengthen_descriptor(&descriptor, 7)",
      """
      TALLY-113: LIB: tally_descriptor has 176 bytes with data behind the 168 this host knows; \
      update Tally
      """
    ),
    (
      "descriptor.struct_size = 8",
      """
      TALLY-113: LIB: tally_descriptor.struct_size is 8, need 168; set it to \
      sizeof(tally_descriptor)
      """
    ),
    (
      #"descriptor.name = fixture_text("\xff")"#,
      "TALLY-113: LIB: descriptor name must be 1 to 64 characters of a-z, 0-9 and -"
    ),
    (
      #"descriptor.summary = fixture_text("\xff")"#,
      "TALLY-113: LIB: descriptor version and summary must be UTF-8 text"
    ),
    (
      #"descriptor.name = fixture_text("other")"#,
      """
      TALLY-113: LIB: the descriptor's name is "other", need "broken-tables"; rename one of them
      """
    ),
    ("plugin.descriptor = NULL", nullMember), ("plugin.create = NULL", nullMember),
    ("plugin.enroll = NULL", nullMember), ("plugin.destroy = NULL", nullMember),
  ]

  private static let nullMember =
    "TALLY-113: LIB: descriptor, create, enroll and destroy must not be NULL in tally_plugin"

  @Test("Tables that are too long, too short, empty, or no text")
  func brokenTables() throws {
    for (place, (statement, reason)) in Self.broken.enumerated() {
      // A library that was loaded once stays as it was.
      let own = try place == 0 ? folder : PluginFolder()
      try own.compile("broken-tables", ["-DBROKEN=\(statement)"])
      #expect(
        try own.refusal("broken-tables")
          == reason.replacing("LIB", with: "FOLDER/libbroken-tables.so"))
    }
  }

  @Test("Tables of a later header that say nothing new are taken")
  func longerTables() throws {
    try folder.compile("broken-tables", ["-DBROKEN=return lengthen(&plugin, 0)"])
    #expect(try folder.refusal("broken-tables") == nil)
  }

  @Test("A plugin that refuses to start")
  func refusesStart() throws {
    try folder.compile("refuses-start")
    #expect(
      try folder.refusal("refuses-start")
        == "TALLY-160: refuses-start: start answered -1: the licence file is missing; put it beside "
        + "the library; the server runs without it")
  }

  @Test("A setting the plugin does not have")
  func unknownSetting() throws {
    try folder.compile("taps")
    let given = GivenSetting(name: "colour", text: "red", place: "plugins.yaml:3:9")
    #expect(
      try folder.refusal("taps", settings: [given])
        == "TALLY-140: plugins.yaml:3:9: unknown setting \"colour\" of plugin taps; Known: none")
  }

  @Test("A plugin in C, written from the header alone, runs")
  func runs() throws {
    try folder.compile("taps")
    #expect(try folder.refusal("taps") == nil)
  }
}
