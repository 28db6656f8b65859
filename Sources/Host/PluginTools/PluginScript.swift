import Foundation

/// A test of a plugin as a text: requests, questions and what they are answered.
///
///     # What a line that begins like this says is for people.
///     setting event "find"
///     timezone Europe/Berlin
///     at 2026-01-15 12:00
///     GET /i?device_id=d1&events=[{"key":"search","segmentation":{"query":"tea"}}]
///     after 90s
///     POST /i
///       > device_id=d2&begin_session=1
///     restart
///     GET /o?method=searches&period=day
///     ----
///     200 {"total":1}
///
/// The dashed line follows the request whose answer is told, up to an empty line. Requests without
/// one must be answered 200. `app_key` need not be given. The clock begins on 2026-01-15 at 12:00
/// in the app's zone and stands still; `{ms}` and `{s}` are its time, `{ms-2d}` or `{s+90s}`
/// moments around it. In an answer the string "{any}" stands for any string, and as a whole for any
/// body.
struct PluginScript {
  enum Step {
    case at(String)
    case after(milliseconds: Int64)
    case restart
    case request(Request)
  }

  struct Request {
    let line: Int
    let method: String
    let target: String
    var body: String?
    /// As it stands in the file; nil: 200 and any body.
    var answer: String?
  }

  let path: String
  var timezone = "Etc/UTC"
  var settings: [String: String] = [:]
  var steps: [Step] = []

  init(path: String) throws(CommandError) {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw CommandError(.invalidArgument, "\(path) cannot be read; name a script of requests")
    }
    self.path = path
    try parse(text)
  }

  init(path: String, text: String) throws(CommandError) {
    self.path = path
    try parse(text)
  }

  private mutating func parse(_ text: String) throws(CommandError) {
    var isAnswer = false
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let line = String(line)
      if isAnswer, !line.isEmpty {
        changeRequest { $0.answer = $0.answer.map { $0.isEmpty ? line : $0 + "\n" + line } }
      } else if line.hasPrefix("----") {
        try needRequest(index)
        isAnswer = true
        changeRequest { $0.answer = "" }
      } else {
        isAnswer = false
        try parse(line: line, index)
      }
    }
  }

  private mutating func parse(line: String, _ index: Int) throws(CommandError) {
    let words = line.split(separator: " ", maxSplits: 1).map(String.init)
    guard let word = words.first, !line.hasPrefix("#") else { return }
    let rest = words.count > 1 ? words[1] : ""
    if line.hasPrefix("  > ") {
      try needRequest(index)
      return changeRequest { $0.body = ($0.body.map { $0 + "\n" } ?? "") + line.dropFirst(4) }
    }
    switch word {
    case "GET", "POST":
      steps.append(.request(Request(line: index + 1, method: word, target: rest)))
    case "at": steps.append(.at(rest))
    case "restart": steps.append(.restart)
    case "timezone": timezone = rest
    case "after":
      guard let moment = Self.duration(rest) else {
        throw refusal(index, "\"\(rest)\" is no duration; write 90s, 5m, 2h or 3d")
      }
      steps.append(.after(milliseconds: moment))
    case "setting":
      let pair = rest.split(separator: " ", maxSplits: 1).map(String.init)
      guard pair.count == 2 else { throw refusal(index, "write: setting NAME VALUE") }
      settings[pair[0]] = pair[1].trimmingCharacters(in: CharacterSet(charactersIn: "\""))
    default:
      throw refusal(
        index,
        "\"\(word)\" means nothing; write GET, POST, at, after, restart, setting, timezone or #")
    }
  }

  private mutating func changeRequest(_ change: (inout Request) -> Void) {
    guard let last = steps.indices.last, case .request(var request) = steps[last] else { return }
    change(&request)
    steps[last] = .request(request)
  }

  private func needRequest(_ index: Int) throws(CommandError) {
    if case .request? = steps.last { return }
    throw refusal(index, "this line belongs below a request")
  }

  private func refusal(_ index: Int, _ reason: String) -> CommandError {
    CommandError(.invalidArgument, "\(path):\(index + 1): \(reason)")
  }

  /// `90s`, `5m`, `2h`, `3d`, or milliseconds without a unit.
  static func duration(_ text: some StringProtocol) -> Int64? {
    let units: [Character: Int64] = ["s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
    guard let last = text.last else { return nil }
    guard let unit = units[last] else { return Int64(text) }
    return Int64(text.dropLast()).map { $0 * unit }
  }

  /// The text with `{ms…}`, `{s…}`, `{app_id}` and `{app_key}` filled in.
  static func filled(_ text: String, nowMs: Int64, appID: String, appKey: String) -> String {
    var out = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      out += rest[..<open]
      rest = rest[open...].dropFirst()
      guard let close = rest.firstIndex(of: "}"),
        let value = value(rest[..<close], nowMs, appID, appKey)
      else {
        out += "{"
        continue
      }
      out += value
      rest = rest[close...].dropFirst()
    }
    return out + rest
  }

  private static func value(
    _ name: Substring, _ nowMs: Int64, _ appID: String, _ appKey: String
  ) -> String? {
    if name == "app_id" { return appID }
    if name == "app_key" { return appKey }
    let isMilliseconds = name.hasPrefix("ms")
    guard isMilliseconds || name.hasPrefix("s") else { return nil }
    let shift = name.dropFirst(isMilliseconds ? 2 : 1)
    guard let moved = shift.isEmpty ? 0 : duration(shift.drop { $0 == "+" }) else { return nil }
    return "\((nowMs + moved) / (isMilliseconds ? 1 : 1_000))"
  }
}
