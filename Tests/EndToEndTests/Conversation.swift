import Foundation
import Harness

/// One text file: requests, a dashed line, and what the last of them is answered; and so on.
///
///     # A comment.
///     POST /i?app_key={app_key}&device_id=d1
///       Content-Type: application/json
///       > {"begin_session":1}
///     GET /o?method=users&app_id={app_id}&api_key={api_key}
///     ----
///     200 {"...":1}
///
/// Lines below a request begin with two spaces: a header, or with `> ` a line of the body. Requests
/// above the dashed line whose answers are not told must be answered 200.
///
/// In requests and answers, `{app_key}`, `{app_id}` and `{api_key}` are what `setup` made; `{ms}`
/// is yesterday at 10:30 in the app's zone, in milliseconds, `{s}` in seconds; `{ms+90s}` or
/// `{ms-2d}` (s, m, h, d, or milliseconds without a unit) are moments around it; `{Y}`, `{M}`,
/// `{D}` and `{W}` are the year, month, day and week of that day. `{repeat:N:text}` is the text N
/// times, `{byte:FF}` one byte. In an answer, the string "{any}" stands for any string, and as a
/// whole for any body; the string "{number}" stands for any number.
///
/// Below an answer, lines that begin with two spaces are headers it must have, and lines `keep` take
/// a value out of it, which is `{{name}}` in everything that follows:
///
///     200 {"_id":"{any}","api_key":"{any}"}
///       Content-Type: application/json; charset=utf-8
///     keep ada = _id
///     keep first = aaData.0._id
///     keep cookie = header Set-Cookie
///     keep csrf = text value="{}" name="_csrf"
struct Conversation: CustomStringConvertible, Sendable {
  let path: String
  let name: String
  var config: String?
  /// What the file of places beside the configuration says.
  var places: [PlaceFile.Place] = []
  var steps: [Step] = []

  var description: String { name }

  struct Step: Sendable {
    /// Comments and blank lines before the first request, kept when the file is written again.
    var lead: [String] = []
    var requests: [Request] = []
    var answer = ""
    /// Headers of the answer, and lines `keep`.
    var answerHeaders: [String] = []
    var kept: [String] = []
  }

  struct Request: Sendable {
    var lines: [String]
    var method = ""
    var target = ""
    var headers: [String] = []
    var body: String?
  }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Conversations").path

  static let all: [Conversation] = Files.tree(folder).filter { $0.hasSuffix(".txt") }.compactMap {
    try? Conversation(name: $0)
  }

  init(name: String) throws {
    self.name = name
    path = Self.folder + "/" + name
    var step = Step()
    var isAnswer = false
    for line in try Files.text(path).split(separator: "\n", omittingEmptySubsequences: false) {
      let text = String(line)
      if isAnswer && !text.isEmpty && !text.hasPrefix("#") && !Self.isRequest(text) {
        step.add(toAnswer: text)
        continue
      }
      if isAnswer && !step.answer.isEmpty {
        steps.append(step)
        (step, isAnswer) = (Step(), false)
      }
      if text.hasPrefix("----") {
        isAnswer = true
      } else if text.hasPrefix("  ") && !step.requests.isEmpty {
        step.requests[step.requests.count - 1].add(text)
      } else if Self.isRequest(text) {
        step.requests.append(Request(text))
      } else if step.requests.isEmpty {
        step.lead.append(text)
      }
    }
    if !step.requests.isEmpty { steps.append(step) }
    config = Self.config(of: steps.first?.lead ?? [])
    places = Self.places(of: steps.first?.lead ?? [])
  }

  /// Lines `#config ...` above the first request make the server's `plugins.yaml`.
  private static func config(of lead: [String]) -> String? {
    let lines = lead.filter { $0.hasPrefix("#config ") }.map { $0.dropFirst(8) + "\n" }
    return lines.isEmpty ? nil : lines.joined()
  }

  /// Lines `#place NETWORK COUNTRY CITY` make `places.mmdb` beside it.
  private static func places(of lead: [String]) -> [PlaceFile.Place] {
    lead.filter { $0.hasPrefix("#place ") }.compactMap { line in
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      guard words.count >= 3 else { return nil }
      return PlaceFile.Place(words[1], country: words[2], city: words.count > 3 ? words[3] : "")
    }
  }

  private static func isRequest(_ line: String) -> Bool {
    ["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE"].contains { line.hasPrefix($0 + " ") }
  }

  /// The file again, with the answers it has now.
  var text: String {
    steps.map { step in
      (step.lead + step.requests.flatMap(\.lines) + ["----", step.answer]
        + step.answerHeaders.map { "  " + $0 } + step.kept.map { Conversation.Step.keep + $0 })
        .joined(separator: "\n")
    }.joined(separator: "\n") + "\n"
  }
}

extension Conversation.Step {
  fileprivate static let keep = "keep "

  fileprivate mutating func add(toAnswer text: String) {
    if !answer.isEmpty, text.hasPrefix("  ") {
      answerHeaders.append(String(text.dropFirst(2)))
    } else if !answer.isEmpty, text.hasPrefix(Self.keep) {
      kept.append(String(text.dropFirst(Self.keep.count)))
    } else {
      answer += answer.isEmpty ? text : "\n" + text
    }
  }
}

extension Conversation.Request {
  fileprivate init(_ line: String) {
    lines = [line]
    let parts = line.split(separator: " ", maxSplits: 1)
    method = String(parts[0])
    target = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "/"
  }

  fileprivate mutating func add(_ line: String) {
    lines.append(line)
    let text = String(line.dropFirst(2))
    if text.hasPrefix(">") {
      let part = String(text.dropFirst(text.hasPrefix("> ") ? 2 : 1))
      body = body.map { $0 + "\n" + part } ?? part
    } else {
      headers.append(text)
    }
  }
}
