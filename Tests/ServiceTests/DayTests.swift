import Foundation
import Harness
import TestThreads
import Testing

@testable import Host
@testable import PluginRuntime

/// A plugin that hears when a day is over.
@Suite(.serialized, .ownThread) struct DayTests {
  private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    .dropLast(3).joined(separator: "/")

  private func lines(_ path: String) -> [String] {
    ((try? Files.text(path)) ?? "").split(separator: "\n").map(String.init)
  }

  private func wait(_ path: String, for count: Int) -> [String] {
    for _ in 0..<1_000 where lines(path).count < count { usleep(5_000) }
    return lines(path)
  }

  @Test("A day that closes in an app's time zone is told once, in order")
  func closes() throws {
    let folder = try Files.temporaryFolder()
    defer { Files.remove(folder) }
    let (status, output) = try Subprocess.run([
      "cc", "-shared", "-fPIC", "-fvisibility=hidden", "-I\(Self.root)/Sources/PluginABI/include",
      "\(Self.root)/Tests/Fixtures/Plugins/hears.c", "-o", "\(folder)/libhears.so",
    ])
    try #require(status == .code(0), "\(output)")
    setenv("HEARS_FILE", folder + "/heard", 1)
    defer { unsetenv("HEARS_FILE") }
    let stand = try Stand(libraries: ["hears": folder + "/libhears.so"])
    // 2100-03-01 00:00 in Istanbul is 21:00 of the day before in UTC; far behind the true clock's
    // looks.
    let midnight = try #require(
      ISO8601DateFormatter().date(from: "2100-02-28T21:00:00Z").map {
        Int64($0.timeIntervalSince1970 * 1_000)
      })
    let hour: Int64 = 3_600_000
    let days = DayWatch(
      registry: stand.core.registry, happenings: stand.core.runtime.happenings)
    days.look(atMs: midnight - hour)
    days.look(atMs: midnight - 1)
    days.look(atMs: midnight)
    days.look(atMs: midnight + hour)
    // The clock is put back, and goes on.
    days.look(atMs: midnight - hour)
    days.look(atMs: midnight + 2 * hour)
    days.look(atMs: midnight + 49 * hour)
    // A month at once: the newest seven.
    days.look(atMs: midnight + 33 * 24 * hour)
    let app = "8 app 1 \(stand.app.hex) name"
    let told =
      ["2100-02-28", "2100-03-01", "2100-03-02"]
      + ["27", "28", "29", "30", "31"].map { "2100-03-\($0)" } + ["2100-04-01", "2100-04-02"]
    #expect(
      wait(folder + "/heard", for: told.count) == told.map { "\(app) \($0) detail  at a time" })
    #expect(stand.core.runtime.accounts.account("hears")[.lifecycle].reading.calls == told.count)
  }

  @Test("The server looks at the clock by itself, and an app that is new has no yesterday")
  func watched() throws {
    let stand = try Stand()
    // The thread has looked at least once; nothing has closed.
    usleep(50_000)
    stand.core.days.look(atMs: stand.core.services.nowMs)
    #expect(stand.core.runtime.happenings.dropped == 0)
    #expect(stand.core.runtime.happenings.isEmpty)
  }
}
