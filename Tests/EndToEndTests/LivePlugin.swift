import Foundation
import Harness

/// A server whose plugins.yaml and plugin code a test changes while it runs.
final class LivePlugin {
  let server: TallyServer
  private let mode: String
  private var renames = 0

  /// The fixture `live` and the views, both on.
  init(mode: String = "inproc") throws {
    self.mode = mode
    server = try TallyServer()
    try compile([])
    try write(config())
    try server.start()
  }

  /// Puts code made with these macros where the server looks for it, as an installer does.
  func compile(_ macros: [String]) throws {
    try Fixture.compile("live", macros.map { "-D" + $0 }, to: server.folder + "/liblive.so")
  }

  func config(live: Bool = true, views: Bool = true, label: String = "first") -> String {
    """
    host:
      limits: { journal_segment_bytes: 1048576, read_wait_ms: 5000 }
    plugins:
      views: { enabled: \(views) }
      live: { enabled: \(live), path: ./liblive.so, label: \(label)\(lane) }

    """
  }

  /// The key `mode`, behind the others so that their columns stay.
  private var lane: String { mode == "inproc" ? "" : ", mode: \(mode)" }

  /// Writes plugins.yaml, in turn in place and as editors do that replace the file.
  func write(_ text: String) throws {
    renames += 1
    guard renames % 2 == 0 else { return try Files.write(text, to: server.configPath) }
    try Files.write(text, to: server.configPath + "~")
    guard rename(server.configPath + "~", server.configPath) == 0 else {
      throw HarnessError("rename failed")
    }
  }

  /// Switches the plugins off and on under load, so that what is made on first use is not taken for a
  /// leak; answers how much was accepted.
  func warmUp() throws -> Int {
    let load = LiveLoad(server)
    try write(config(live: false, views: false))
    let off = try wait { try about() == nil }
    usleep(500_000)
    try write(config())
    let on = try wait { try about() != nil }
    let (accepted, failures) = load.stop()
    guard off != nil, on != nil, failures.isEmpty else {
      throw HarnessError("\(failures)\n\(server.log)")
    }
    return accepted
  }

  /// What the plugin says of itself; nil when nobody answers.
  func about() throws -> JSON? {
    let reply = try server.connect().get(
      "/o?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)&method=live-about")
    return reply.status == 200 ? try JSON(reply.text) : nil
  }

  /// What an operator sees of a plugin.
  func row(_ plugin: String = "live") throws -> JSON? {
    let reply = try server.connect().get("/o/plugins?api_key=\(server.keys.apiKey)")
    return try JSON(reply.text).array?.first { $0["code"]?.string == plugin }
  }

  /// Seconds until something holds; nil when it does not come to hold.
  func wait(seconds: Double = 20, until holds: () throws -> Bool) throws -> Double? {
    let began = Clock.now
    while Clock.now - began < seconds {
      if try holds() { return Clock.now - began }
      usleep(2_000)
    }
    return nil
  }

  /// Whether every plugin has seen every request.
  func isAtHead() throws -> Bool { try server.metric("tally_consumer_lag") == 0 }

  /// What the views and the fixture have counted.
  func counted() throws -> (views: Double, live: Double) {
    let views = try server.ask("method=views&action=getTable&period=30days")
    let live = try server.ask("method=live&period=30days")
    let years = (live.object ?? [:]).filter { Int($0.key) != nil }
    return (
      (views["aaData"]?.array ?? []).compactMap { $0["t"]?.number }.reduce(0, +),
      years.compactMap { $0.value["a"]?["t"]?.number }.reduce(0, +)
    )
  }

  /// Memory of the server that is no file's.
  func privateKiB() -> Int {
    let text = (try? Files.text("/proc/\(server.process?.pid ?? 0)/status")) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
  }

  /// What the server holds while nobody asks it for anything.
  func resources() throws -> Resources {
    try server.settle()
    _ = try wait { try isAtHead() }
    let process = server.process?.pid ?? 0
    // The question's own connection goes, and threads that had work end, a little later.
    var now = Resources(of: process)
    for _ in 0..<100 {
      let last = now
      usleep(100_000)
      now = Resources(of: process)
      if now == last { break }
    }
    return now
  }

  /// Threads by name, and descriptors by what they are of; digits in names are left out.
  struct Resources: Equatable {
    let threadNames: [String: Int]
    let descriptors: [String: Int]

    init(of process: pid_t) {
      threadNames = Files.list("/proc/\(process)/task").reduce(into: [:]) { counts, thread in
        let name = try? Files.text("/proc/\(process)/task/\(thread)/comm")
        if let name { counts[name.filter { !$0.isNumber && !$0.isNewline }, default: 0] += 1 }
      }
      descriptors = Files.list("/proc/\(process)/fd").reduce(into: [:]) { counts, number in
        let link = "/proc/\(process)/fd/\(number)"
        // One that was closed meanwhile is none.
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link) else {
          return
        }
        let name = (path as NSString).lastPathComponent.filter { !$0.isNumber }
        counts[path.contains("/journal/") ? "journal" : name, default: 0] += 1
      }
    }

    /// Two for the segment that is written, two for the next one, one to read; and up to four
    /// segments that will be used again, by how much there was to keep.
    static let journalMax = 9

    var journal: Int { descriptors["journal"] ?? 0 }
    var threads: Int { threadNames.values.reduce(0, +) }
    var others: Int { descriptors.values.reduce(0, +) - journal }
  }
}

/// Clients whose every request is a view and a tap, and of which none may be refused; with
/// `repeats` they send one that got no answer again, as SDKs do.
final class LiveLoad: @unchecked Sendable {
  static let clients = 3

  private let lock = NSLock()
  private let repeats: Bool
  private var stopping = false
  private var accepted = 0
  private var failures: [String] = []
  private let ended = (0..<clients).map { _ in DispatchSemaphore(value: 0) }

  init(_ server: TallyServer, repeats: Bool = false) {
    self.repeats = repeats
    for client in 0..<Self.clients {
      Thread.detachNewThread { [self] in
        run(client, server)
        ended[client].signal()
      }
    }
  }

  /// Requests accepted, and what was answered to the others.
  func stop() -> (accepted: Int, failures: [String]) {
    lock.withLock { stopping = true }
    ended.forEach { $0.wait() }
    return (accepted, failures)
  }

  private func run(_ client: Int, _ server: TallyServer) {
    let connection = server.connect(seconds: 20)
    let segmentation = "{\"name\":\"home\",\"visit\":1}"
    let view = "[{\"key\":\"[CLY]_view\",\"count\":1,\"segmentation\":\(segmentation)}]"
      .replacing("[", with: "%5B").replacing("]", with: "%5D").replacing("{", with: "%7B")
      .replacing("}", with: "%7D").replacing("\"", with: "%22")
    // So long that catching up takes many batches.
    let padding = String(repeating: "x", count: 4_000)
    var number = 0
    while !lock.withLock({ stopping }) {
      number += 1
      let target =
        "/i?app_key=\(server.keys.appKey)&device_id=c\(client)-\(number % 50)"
        + "&timestamp=\(Clock.unixMilliseconds)&number=\(number)&taps=a&events=\(view)&padding=\(padding)"
      var outcome = Result { try connection.get(target) }
      let deadline = Clock.now + 30
      while repeats, (try? outcome.get())?.status != 200, Clock.now < deadline {
        usleep(3_000)
        outcome = Result { try connection.get(target) }
      }
      lock.withLock {
        switch outcome {
        case .success(let reply) where reply.status == 200: accepted += 1
        case .success(let reply): failures.append("\(reply.status) \(reply.text)")
        case .failure(let error): failures.append("\(error)")
        }
      }
    }
  }
}
