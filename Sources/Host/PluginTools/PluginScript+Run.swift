import Foundation
import PluginTestKit

extension PluginScript {
  /// How often a script is run: what a plugin counts must not depend on how requests are cut into
  /// batches, nor on what it has in memory.
  enum Manner: String, CaseIterable {
    case whole = "as one batch"
    case single = "request by request"
    case restarted = "with a restart before every question"
  }

  /// What went wrong; empty when all answers are the expected ones. With `record`, answers are taken
  /// over instead.
  func run(library: String, _ manner: Manner) throws -> [String] {
    var run = try ScriptRun(self, library: library, manner)
    return try run.complaints()
  }

  /// The file again, with the answers the plugin gives.
  func recorded(library: String, text: String) throws -> String {
    var run = try ScriptRun(self, library: library, .whole)
    return try run.record(into: text)
  }
}

/// A script on its way.
private struct ScriptRun {
  private let script: PluginScript
  private let manner: PluginScript.Manner
  private let rehearsal: Rehearsal
  private let start = "2026-01-15 12:00"

  init(_ script: PluginScript, library: String, _ manner: PluginScript.Manner) throws {
    self.script = script
    self.manner = manner
    rehearsal = try Rehearsal(
      TestPlugin(library: library, settings: script.settings), timezone: script.timezone)
    rehearsal.host.nowMs = try moment(start)
  }

  mutating func complaints() throws -> [String] {
    var found: [String] = []
    for step in script.steps {
      guard case .request(let request) = step else {
        try move(step)
        continue
      }
      let (status, body) = try send(request)
      if let complaint = judge(request, status, body) {
        found.append("\(script.path):\(request.line): \(manner.rawValue): \(complaint)")
      }
    }
    try rehearsal.flush()
    return found + rehearsal.host.refusals.map { "\(script.path): an item was refused: \($0)" }
  }

  mutating func record(into text: String) throws -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var shift = 0
    for step in script.steps {
      guard case .request(let request) = step else {
        try move(step)
        continue
      }
      let (status, body) = try send(request)
      guard let answer = request.answer else { continue }
      // Behind the request, its body and the dashed line.
      var first = request.line + shift
      while !lines[first].hasPrefix("----") { first += 1 }
      let old = answer.isEmpty ? 0 : answer.split(separator: "\n").count
      lines.replaceSubrange(first + 1..<first + 1 + old, with: ["\(status) \(body)"])
      shift += 1 - old
    }
    return lines.joined(separator: "\n")
  }

  private func move(_ step: PluginScript.Step) throws {
    switch step {
    case .at(let text): rehearsal.host.nowMs = try moment(text)
    case .after(let milliseconds): rehearsal.host.nowMs += milliseconds
    case .restart: try rehearsal.restart()
    case .request: break
    }
  }

  private func send(_ request: PluginScript.Request) throws -> (Int, String) {
    let target = filled(request.target)
    guard ["/i", "/i/bulk"].contains(target.prefix { $0 != "?" }) else {
      if manner == .restarted { try rehearsal.restart() }
      return try rehearsal.ask(target, http: request.method, body: request.body.map(filled))
    }
    let hasKey = target.contains("app_key=") || request.body?.contains("app_key") == true
    let key = "app_key=" + rehearsal.host.app.key
    let full = hasKey ? target : target + (target.contains("?") ? "&" : "?") + key
    let refusal = rehearsal.send(full, body: request.body.map(filled))
    if manner == .single { try rehearsal.flush() }
    return (refusal?.status ?? 200, #"{"result":"\#(refusal?.text ?? "Success")"}"#)
  }

  private func filled(_ text: String) -> String {
    PluginScript.filled(
      text, nowMs: rehearsal.host.nowMs, appID: rehearsal.host.app.hex,
      appKey: rehearsal.host.app.key)
  }

  private func judge(_ request: PluginScript.Request, _ status: Int, _ body: String) -> String? {
    let have = "have \(status) \(body)"
    guard let answer = request.answer.map(filled) else {
      return status == 200 ? nil : "need 200, \(have)"
    }
    let parts = answer.split(separator: " ", maxSplits: 1).map(String.init)
    guard let first = parts.first, Int(first) == status else { return "need \(answer), \(have)" }
    let need = parts.count > 1 ? parts[1] : ""
    if need == JSONValue.any || need == body { return nil }
    guard let needed = JSONValue(need), let found = JSONValue(body) else {
      return "need \(answer), \(have)"
    }
    let differences = JSONValue.differences(need: needed, have: found)
    return differences.isEmpty ? nil : differences.joined(separator: "; ") + "; " + have
  }

  /// Local time of the app.
  private func moment(_ text: String) throws -> Int64 {
    let form = DateFormatter()
    form.locale = Locale(identifier: "en_US_POSIX")
    form.timeZone = TimeZone(identifier: script.timezone)
    for format in ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm"] {
      form.dateFormat = format
      if let date = form.date(from: text) { return Int64(date.timeIntervalSince1970 * 1_000) }
    }
    throw CommandError(
      .invalidArgument, "\(script.path): at \"\(text)\" is no time; write at 2026-01-15 12:00")
  }
}
