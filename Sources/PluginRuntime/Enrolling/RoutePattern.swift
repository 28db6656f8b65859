/// The segments of a route's path: literal ones, and `{name}` for any one segment.
package struct RoutePattern: Sendable, Equatable {
  /// One part between slashes.
  enum Segment: Sendable, Equatable {
    case literal(String)
    case capture(String)
  }

  static let segmentsMax = 16
  static let bytesMax = 512

  package let text: String
  let segments: [Segment]

  /// What is wrong with a pattern, in a sentence for its author.
  struct Refusal: Error {
    let reason: String
  }

  init(_ text: String) throws(Refusal) {
    guard text.utf8.count <= Self.bytesMax, text.hasPrefix("/") else {
      throw Refusal(
        reason: "a path begins with / and has at most \(Self.bytesMax) bytes, have \"\(text)\"")
    }
    var segments: [Segment] = []
    for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      segments.append(try Self.segment(String(part), in: text))
    }
    guard segments.count <= Self.segmentsMax else {
      throw Refusal(reason: "\(text) has more than \(Self.segmentsMax) segments")
    }
    guard Set(Self.names(segments)).count == Self.names(segments).count else {
      throw Refusal(reason: "\(text) captures two segments under one name")
    }
    self.text = text
    self.segments = segments
  }

  private static func segment(_ part: String, in text: String) throws(Refusal) -> Segment {
    guard part.hasPrefix("{") || part.hasSuffix("}") else {
      let isPlain = part.utf8.allSatisfy { byte in
        byte > 0x20 && byte < 0x7F && !"{}?#%*\"\\".utf8.contains(byte)
      }
      guard !part.isEmpty, isPlain else {
        throw Refusal(
          reason: "\(text): the segment \"\(part)\" must be printable ASCII without ?#%*{}, "
            + "or {a name}")
      }
      return .literal(part)
    }
    let name = part.dropFirst().dropLast()
    guard part.hasPrefix("{"), part.hasSuffix("}"), part.count > 2,
      name.utf8.allSatisfy({
        (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_")
      })
    else {
      throw Refusal(
        reason: "\(text): a captured segment is {name} with a name of a-z, 0-9 and _, have "
          + "\"\(part)\"")
    }
    return .capture(String(name))
  }

  private static func names(_ segments: [Segment]) -> [String] {
    segments.compactMap { if case .capture(let name) = $0 { name } else { nil } }
  }

  /// The same for all patterns that match the same paths in the same places.
  var shape: String {
    segments.map { if case .literal(let text) = $0 { "/" + text } else { "/{}" } }.joined()
  }

  /// What the captured segments are when the path matches, else nil.
  func match(_ path: [Substring]) -> [String: String]? {
    guard path.count == segments.count else { return nil }
    var captured: [String: String] = [:]
    for (segment, part) in zip(segments, path) {
      switch segment {
      case .literal(let text): if part != text { return nil }
      case .capture(let name):
        guard !part.isEmpty else { return nil }
        captured[name] = String(part)
      }
    }
    return captured
  }

  /// Whether this one wins where both match: a literal at the first place where they differ.
  func isBefore(_ other: RoutePattern) -> Bool {
    for (mine, theirs) in zip(segments, other.segments) {
      switch (mine, theirs) {
      case (.literal, .capture): return true
      case (.capture, .literal): return false
      default: continue
      }
    }
    return false
  }
}
