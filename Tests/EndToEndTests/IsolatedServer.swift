import Foundation
import Harness
import Testing

/// A server with plugins of the fixtures, in the lanes a test chooses.
struct IsolatedServer {
  let server: TallyServer
  private let folder: String
  /// Every item has a time of its own, so that none is taken for a repetition.
  let firstMillisecond: Int64

  /// Compiles each fixture; `lanes` says how each plugin runs. Views are inproc unless named. `host` is
  /// a line of that group, `more` follows its limits, `launcher` starts the program.
  init(
    _ lanes: [(plugin: String, mode: String)], macros: [String] = [],
    extra: [String: String] = [:], intakeMilliseconds: Int = 20, host: String = "",
    limits more: String = "", launcher: [String] = [],
    firstMillisecond: Int64 = Clock.unixMilliseconds - 40 * 86_400_000
  ) throws {
    folder = try Files.temporaryFolder()
    self.firstMillisecond = firstMillisecond
    let limits = "read_wait_ms: 5000, isolated_intake_ms: \(intakeMilliseconds)"
    var config = "host:\n  \(host)\n  limits: { \(limits)\(more) }\nplugins:\n"
    for (plugin, mode) in lanes {
      config += "  \(plugin): { mode: \(mode)"
      if plugin != "views" {
        let library = try Fixture.compile(plugin, macros.map { "-D" + $0 }, in: folder)
        config += ", path: \(library)"
      }
      config += "\(extra[plugin] ?? "") }\n"
    }
    server = try TallyServer(config: config)
    server.launcher = launcher
    try server.start()
  }

  func remove() { Files.remove(folder) }

  /// One item of a bulk request: members beside the device and the time.
  struct Item {
    let device: String
    let minute: Int
    var members: [String: String] = [:]
  }

  /// Sends items as one request: they are one batch.
  func accept(_ items: [Item]) throws {
    let list = items.map { item in
      let own = item.members.sorted { $0.key < $1.key }
        .map { ",\(JSON.quote($0.key)):\($0.value)" }.joined()
      let time = firstMillisecond + Int64(item.minute) * 60_000
      return "{\"device_id\":\(JSON.quote(item.device)),\"timestamp\":\(time)\(own)}"
    }
    let text =
      "app_key=\(server.keys.appKey)&requests="
      + Self.escaped("[" + list.joined(separator: ",") + "]")
    let reply = try server.connect().send(
      "POST", "/i/bulk", headers: ["Content-Type: application/x-www-form-urlencoded"],
      body: Array(text.utf8))
    try #require(reply.status == 200, "\(reply.text)")
  }

  private static func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      let isPlain =
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
      return isPlain
        ? String(UnicodeScalar(byte))
        : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }

  /// What `tally plugin` says to the running server.
  func command(_ words: String...) throws -> String {
    try Subprocess.run(
      [TallyServer.binary, "plugin"] + words
        + ["--data", server.dataPath, "--config", server.configPath]
    ).output
  }

  /// Waits until every plugin has seen every request.
  func waitUntilAtHead() throws {
    let deadline = Clock.now + 20
    while try server.metric("tally_consumer_lag") != 0, Clock.now < deadline { usleep(10_000) }
    try server.settle()
  }

  /// The text and status of an answer, as they came.
  func answer(_ query: String) throws -> String {
    let target = "/o?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)&\(query)"
    let reply = try server.connect(seconds: 30).get(target)
    return "\(reply.status) \(reply.text)"
  }

  /// What a plugin counted for each device, added up over the years of the answer.
  func counts(_ method: String) throws -> [String: Int] {
    let answer = try server.ask("method=\(method)&period=60days")
    var counts: [String: Int] = [:]
    for (year, members) in answer.object ?? [:] where Int(year) != nil {
      for (device, measures) in members.object ?? [:] where Int(device) == nil {
        if let count = measures["t"]?.number { counts[device, default: 0] += Int(count) }
      }
    }
    return counts
  }
}
