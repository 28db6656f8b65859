import Foundation
import Harness

/// Fills in `{…}` in the texts of a conversation, and puts it back when an answer is recorded.
struct Substitutions {
  private let keys: TallyServer.Keys
  private let base: Int64
  private let year: String
  private let month: String
  private let day: String
  private let week: String
  /// What was taken out of answers, by name.
  private var kept: [String: String] = [:]

  static let zone = "Europe/Istanbul"

  init(keys: TallyServer.Keys, now: Int64) {
    self.keys = keys
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(identifier: Self.zone) ?? .gmt
    let yesterday = Date(timeIntervalSince1970: Double(now) / 1_000 - 86_400)
    let moment = calendar.startOfDay(for: yesterday).addingTimeInterval(10.5 * 3_600)
    base = Int64(moment.timeIntervalSince1970 * 1_000)
    let parts = calendar.dateComponents([.year, .month, .day], from: moment)
    let dayOfYear = calendar.ordinality(of: .day, in: .year, for: moment) ?? 0
    year = "\(parts.year ?? 0)"
    month = "\(parts.month ?? 0)"
    day = "\(parts.day ?? 0)"
    week = "\((dayOfYear + 6) / 7)"
  }

  /// The bytes a text stands for.
  func bytes(_ text: String) throws -> [UInt8] {
    var out: [UInt8] = []
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      out += rest[..<open].utf8
      rest = rest[open...]
      if rest.hasPrefix("{{"), let close = rest.range(of: "}}") {
        let name = String(rest[..<close.lowerBound].dropFirst(2))
        guard let value = kept[name] else { throw HarnessError("nothing is kept as \(name)") }
        out += value.utf8
        rest = rest[close.upperBound...]
      } else if let close = rest.firstIndex(of: "}"),
        let value = value(rest[rest.index(after: open)..<close])
      {
        out += value
        rest = rest[rest.index(after: close)...]
      } else {
        out.append(UInt8(ascii: "{"))
        rest = rest.dropFirst()
      }
    }
    return out + rest.utf8
  }

  func text(_ text: String) throws -> String { String(decoding: try bytes(text), as: UTF8.self) }

  private func value(_ name: Substring) -> [UInt8]? {
    let known = [
      "app_key": keys.appKey, "app_id": keys.appID, "api_key": keys.apiKey, "Y": year, "M": month,
      "D": day, "W": week,
    ]
    if let text = known[String(name)] { return Array(text.utf8) }
    if name.hasPrefix("byte:") { return UInt8(name.dropFirst(5), radix: 16).map { [$0] } }
    if name.hasPrefix("repeat:") {
      let parts = name.dropFirst(7).split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let count = Int(parts[0]) else { return nil }
      return Array(String(repeating: String(parts[1]), count: count).utf8)
    }
    return moment(name).map { Array($0.utf8) }
  }

  /// `ms`, `s`, `ms+90s`, `s-2d`, …
  private func moment(_ name: Substring) -> String? {
    let isMilliseconds = name.hasPrefix("ms")
    var rest = name.dropFirst(isMilliseconds ? 2 : 1)
    guard isMilliseconds || name.hasPrefix("s") else { return nil }
    var shifted = base
    if !rest.isEmpty {
      let units: [Character: Int64] = [
        "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
      ]
      var unit: Int64 = 1
      if let last = rest.last, let known = units[last] {
        unit = known
        rest = rest.dropLast()
      }
      guard let amount = Int64(rest) else { return nil }
      shifted += amount * unit
    }
    return "\(isMilliseconds ? shifted : shifted / 1_000)"
  }

  /// An answer as it is written into the file: what differs from day to day is named again.
  func recorded(_ answer: JSON) -> String {
    var text = named(answer, level: 0).text
    for (value, name) in [
      (keys.appKey, "{app_key}"), (keys.appID, "{app_id}"), (keys.apiKey, "{api_key}"),
    ] { text = text.replacing(value, with: name) }
    for (name, value) in kept { text = text.replacing(value, with: "{{\(name)}}") }
    return text
  }

  // MARK: Values of answers

  /// Takes values out of an answer: lines `name = path`, `name = header NAME`, `name = text BEFORE{}AFTER`.
  mutating func keep(_ lines: [String], of reply: HTTPReply) throws {
    for line in lines {
      let parts = line.components(separatedBy: " = ")
      let source = try text(parts.dropFirst().joined(separator: " = "))
      guard parts.count > 1, let value = Self.value(source, of: reply) else {
        throw HarnessError("keep \(line): not in \(reply.status) \(reply.headers) \(reply.text)")
      }
      kept[parts[0]] = value
    }
  }

  private static func value(_ source: String, of reply: HTTPReply) -> String? {
    if source.hasPrefix("header ") { return reply.headers[source.dropFirst(7).lowercased()] }
    if source.hasPrefix("text ") {
      let around = source.dropFirst(5).components(separatedBy: "{}")
      guard around.count == 2, let start = reply.text.range(of: around[0])?.upperBound,
        let end = reply.text[start...].range(of: around[1])?.lowerBound
      else { return nil }
      return String(reply.text[start..<end])
    }
    var value = try? JSON(reply.text)
    for part in source.split(separator: ".") {
      value = Int(part).flatMap { value?.array?.at($0) } ?? value?[String(part)]
    }
    return value.map { $0.string ?? $0.text }
  }

  private func named(_ value: JSON, level: Int) -> JSON {
    switch value {
    case .array(let list): return .array(list.map { named($0, level: 0) })
    case .object(let members):
      let here = [year: "{Y}", month: "{M}", day: "{D}"]
      let names = level < 3 ? [year, month, day][level] : nil
      return .object(
        Dictionary(
          uniqueKeysWithValues: members.map { key, below in
            if key == names, let name = here[key] { return (name, named(below, level: level + 1)) }
            if level == 1, key == "w" + week { return ("w{W}", named(below, level: 9)) }
            return (key, named(below, level: level == 0 ? 0 : 9))
          }))
    default: return value
    }
  }
}

extension Array {
  fileprivate func at(_ place: Int) -> Element? { indices.contains(place) ? self[place] : nil }
}
