import Foundation
import Harness
import Store
import TestThreads
import Testing

@testable import Host
@testable import PluginRuntime

/// A plugin in C that calls services as it must not: each time the host says what is wrong, and
/// goes on.
@Suite(.serialized, .ownThread) struct MisuseTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/misuses-\(UUID().uuidString)"

  /// Where the plugin writes what it was told after its end.
  private var saidPath: String { folder + "/said" }

  private func stand() throws -> Stand {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let library = try Fixture.compile("misuses", ["-DSAID=\"\(saidPath)\""], in: folder)
    return try Stand(libraries: ["misuses": library])
  }

  private static let told = [
    ("null-ctx", "-2 tally.commands.submit: ctx is NULL; pass the table's own ctx"),
    ("null-argument", "-2 tally.commands.submit: tally_submission is NULL"),
    (
      "short-struct",
      "-2 tally.commands.submit: tally_submission.struct_size is 4, need 72; set it to "
        + "sizeof(tally_submission)"
    ),
    (
      "clipped-struct",
      "-2 tally.commands.submit: tally_submission.struct_size is 16, need 72; set it to "
        + "sizeof(tally_submission)"
    ),
    (
      "long-struct",
      "-2 tally.commands.submit: tally_submission has 80 bytes with data behind the 72 this host "
        + "knows; update Tally"
    ),
    (
      "late-define",
      "-2 tally.commands.define: called from a request; see the brackets in tally_plugin.h, 10"
    ),
    ("null-visit", "-2 tally.kv.get: visit is NULL"),
    ("null-order", "-2 tally.jobs.enqueue: tally_job_order is NULL"),
    ("stage-outside", "-2 "),
    ("no-error", "-2 "),
    ("nothing-wrong", "0 "),
  ]

  @Test("Every wrong call is answered with its own words")
  func words() throws {
    let stand = try stand()
    for (which, words) in Self.told {
      #expect(stand.ask(["method": "misuses", "which": which]).body == words)
    }
    try stand.send(#"{"trap_me":1}"#)
    let reason = try stand.core.store.deadLetterReasons()
    #expect(
      reason == [
        "status -1: tally.commands.submit: called from a hook; see the brackets in "
          + "tally_plugin.h, 10"
      ])
  }

  @Test("A thread that goes on after destroy is told so")
  func afterDestroy() throws {
    let stand = try stand()
    try stand.restart(with: [])
    var said: String?
    _ = Patience.wait {
      said = try? String(contentsOfFile: saidPath, encoding: .utf8)
      return said?.isEmpty == false
    }
    #expect(
      said
        == "tally.commands.submit: misuses has been stopped; end the threads that call before stop() "
        + "returns")
  }
}
