import Glibc

/// The file of patterns as the project uap-core writes it: three lists, each of expressions with
/// what they stand for. Of YAML it needs no more than a name, a colon and a text in single quotes on
/// one line, so that is all that is read.
struct PatternFile {
  /// One entry of a list, its values by name.
  typealias Entry = [String: String]

  /// Bytes of a file, and entries of its lists.
  static let bytesMax = 8 << 20
  static let entriesMax = 10_000

  private(set) var lists: [String: [Entry]] = [:]

  /// Reads a file.
  init(path: String) throws(PatternError) {
    guard let bytes = Self.read(path) else {
      throw PatternError(
        file: path, cause: String(cString: strerror(errno)),
        remedy: "install the package uap-core, or name its regexes.yaml in `patterns`")
    }
    do { try self.init(String(decoding: bytes, as: UTF8.self)) } catch {
      throw PatternError(file: path, cause: error.cause, remedy: error.remedy)
    }
  }

  /// Reads a text.
  init(_ text: String) throws(PatternError) {
    var list = ""
    var entries = 0
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let words = line.drop { $0 == " " }
      if words.isEmpty || words.first == "#" { continue }
      guard let (name, value) = Self.member(words.first == "-" ? words.dropFirst() : words) else {
        throw PatternError(
          cause: "line \(number + 1) is no entry", remedy: "name the regexes.yaml of uap-core")
      }
      if line.first != " ", value.isEmpty {
        list = name
      } else if words.first == "-" {
        entries += 1
        lists[list, default: []].append([name: value])
      } else if let last = lists[list]?.indices.last {
        lists[list]?[last][name] = value
      }
      guard entries <= Self.entriesMax else {
        throw PatternError(
          cause: "more than \(Self.entriesMax) entries", remedy: "name a smaller file")
      }
    }
  }

  /// `name: 'value'`, or `name:` without one; a quote inside is written twice.
  private static func member(_ text: Substring) -> (name: String, value: String)? {
    let text = text.drop { $0 == " " }
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let name = String(text[..<colon])
    let rest = text[text.index(after: colon)...].drop { $0 == " " }
    if rest.isEmpty { return (name, "") }
    guard rest.first == "'", let end = rest.lastIndex(of: "'"), end != rest.startIndex else {
      return nil
    }
    let value = String(rest[rest.index(after: rest.startIndex)..<end])
    return (name, value.replacing("''", with: "'"))
  }

  private static func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while all.count <= bytesMax {
      let count = fread(&piece, 1, piece.count, file)
      if count == 0 { return ferror(file) == 0 ? all : nil }
      all.append(contentsOf: piece[..<count])
    }
    errno = EFBIG
    return nil
  }
}

/// Why patterns cannot be used: which file, why, and what to do.
struct PatternError: Error {
  var file = ""
  let cause: String
  let remedy: String

  var text: String { "\(file): \(cause); \(remedy)" }
}
