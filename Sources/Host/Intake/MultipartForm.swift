/// `multipart/form-data` text (RFC 7578), read where it stands: parts point into the body. One walk
/// over the bytes, whatever they are; what is not exactly a form is refused.
///
/// The body begins with its boundary, as every client of such forms writes it, so that the header
/// need not be kept for it.
struct MultipartForm {
  /// Bytes of a boundary, without the dashes before it.
  static let boundaryBytesMax = 70
  /// Bytes of one part's head.
  static let headBytesMax = 4_096

  /// One field, or one file.
  struct Part {
    let name: UnsafeRawBufferPointer
    let isFile: Bool
    let content: UnsafeRawBufferPointer
  }

  /// The line break that comes before every boundary but the first, and the boundary.
  private let delimiter: UnsafeRawBufferPointer
  private var rest: UnsafeRawBufferPointer
  private var parts = 0

  /// Calls `take` for each part. More than `partsMax` of them are refused.
  static func read(
    _ body: UnsafeRawBufferPointer, partsMax: Int,
    _ take: (Part) throws(IntakeRefusal) -> Void
  ) throws(IntakeRefusal) {
    guard let boundary = boundary(of: body) else { throw IntakeRefusal(.malformedMultipart) }
    // Lent in one piece: a line break, and the first line of the body.
    let refusal = withUnsafeTemporaryAllocation(byteCount: boundary.count + 2, alignment: 1) {
      room -> IntakeRefusal? in
      room[0] = UInt8(ascii: "\r")
      room[1] = UInt8(ascii: "\n")
      UnsafeMutableRawBufferPointer(rebasing: room[2...]).copyMemory(from: boundary)
      var form = MultipartForm(
        delimiter: UnsafeRawBufferPointer(room), rest: body.suffix(after: boundary.count))
      do throws(IntakeRefusal) {
        while let part = try form.next(partsMax) { try take(part) }
        return nil
      } catch {
        return error
      }
    }
    if let refusal { throw refusal }
  }

  /// What clients sign: the fields as they would stand in a form without any escape.
  static func signedText(of body: UnsafeRawBufferPointer, partsMax: Int) -> EntryBuffer {
    let text = EntryBuffer()
    try? read(body, partsMax: partsMax) { part in
      guard !part.isFile else { return }
      if text.count > 0 { text.append(UInt8(ascii: "&")) }
      text.append(part.name)
      text.append(UInt8(ascii: "="))
      text.append(part.content)
    }
    return text
  }

  /// The first line: two dashes and the boundary.
  static func boundary(of body: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard HashText.starts(body, "--"),
      let end = body.firstOffset(of: UInt8(ascii: "\r"), from: 2), end > 2,
      end <= boundaryBytesMax + 2
    else { return nil }
    let line = body.part(0, end)
    return line.allSatisfy(isBoundary) ? line : nil
  }

  /// What may stand in a header without being read as anything else.
  private static func isBoundary(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private init(delimiter: UnsafeRawBufferPointer, rest: UnsafeRawBufferPointer) {
    self.delimiter = delimiter
    self.rest = rest
  }

  /// The next part; nil behind the last. `rest` begins right behind a boundary.
  private mutating func next(_ partsMax: Int) throws(IntakeRefusal) -> Part? {
    // What follows the last boundary is nothing to anybody.
    if HashText.starts(rest, "--") { return nil }
    guard HashText.starts(rest, "\r\n") else { throw IntakeRefusal(.malformedMultipart) }
    parts += 1
    guard parts <= partsMax else { throw IntakeRefusal(.tooManyParameters) }
    rest = rest.suffix(after: 2)
    let head = try MultipartHead(&rest)
    guard let found = rest.offset(of: delimiter) else { throw IntakeRefusal(.malformedMultipart) }
    let content = rest.part(0, found)
    rest = rest.suffix(after: found + delimiter.count)
    return Part(name: head.name, isFile: head.isFile, content: content)
  }
}

/// The lines before a part's content.
private struct MultipartHead {
  private(set) var name = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var isFile = false
  private var isForm = false

  /// Takes the head off `rest`, the empty line included.
  init(_ rest: inout UnsafeRawBufferPointer) throws(IntakeRefusal) {
    var taken = 0
    while true {
      guard let end = rest.firstOffset(of: UInt8(ascii: "\r"), from: 0), end + 1 < rest.count,
        rest[end + 1] == UInt8(ascii: "\n"), taken + end <= MultipartForm.headBytesMax
      else { throw IntakeRefusal(.malformedMultipart) }
      let line = rest.part(0, end)
      rest = rest.suffix(after: end + 2)
      taken += end + 2
      if line.isEmpty { break }
      guard read(line) else { throw IntakeRefusal(.malformedMultipart) }
    }
    guard isForm, UTF8Text.isValid(name) else { throw IntakeRefusal(.malformedMultipart) }
  }

  /// One line; false when it makes the whole body something else than a form.
  private mutating func read(_ line: UnsafeRawBufferPointer) -> Bool {
    guard let colon = line.firstOffset(of: UInt8(ascii: ":"), from: 1) else { return false }
    let (title, value) = (line.part(0, colon), line.suffix(after: colon + 1).trimmed)
    if title.isEqualFolded("content-disposition") { return readDisposition(value) }
    if title.isEqualFolded("content-transfer-encoding") {
      return value.isEqualFolded("binary") || value.isEqualFolded("8bit")
        || value.isEqualFolded("7bit")
    }
    return true
  }

  /// `form-data; name="…"; filename="…"`, each at most once.
  private mutating func readDisposition(_ text: UnsafeRawBufferPointer) -> Bool {
    let end = text.firstOffset(of: UInt8(ascii: ";"), from: 0) ?? text.count
    guard !isForm, text.part(0, end).trimmed.isEqualFolded("form-data") else { return false }
    var (rest, hasName) = (text.suffix(after: end), false)
    while !rest.isEmpty {
      guard let (key, value) = Self.parameter(&rest) else { return false }
      if key.isEqualFolded("name") {
        guard !hasName else { return false }
        (name, hasName) = (value, true)
      } else if key.isEqualFolded("filename") || key.isEqualFolded("filename*") {
        isFile = true
      }
    }
    isForm = hasName
    return hasName
  }

  /// Takes `; key=value` off the text; the value as it stands, without its quotes.
  private static func parameter(
    _ rest: inout UnsafeRawBufferPointer
  ) -> (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
    let text = rest.suffix(after: 1)
    guard let sign = text.firstOffset(of: UInt8(ascii: "="), from: 0) else { return nil }
    let (key, value) = (text.part(0, sign).trimmed, text.suffix(after: sign + 1))
    guard value.first == UInt8(ascii: "\"") else {
      let end = value.firstOffset(of: UInt8(ascii: ";"), from: 0) ?? value.count
      rest = value.suffix(after: end)
      return (key, value.part(0, end).trimmed)
    }
    var end = 1
    while end < value.count, value[end] != UInt8(ascii: "\"") {
      end += value[end] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard end < value.count else { return nil }
    rest = value.suffix(after: end + 1).trimmed
    guard rest.isEmpty || rest.first == UInt8(ascii: ";") else { return nil }
    return (key, value.part(1, end - 1))
  }
}

extension UnsafeRawBufferPointer {
  /// Where a delimiter is first. It begins with its only carriage return, so that no byte is looked
  /// at more than twice.
  fileprivate func offset(of delimiter: UnsafeRawBufferPointer) -> Int? {
    var start = 0
    while let found = firstOffset(of: UInt8(ascii: "\r"), from: start) {
      guard found + delimiter.count <= count else { return nil }
      if part(found, delimiter.count).isEqual(to: delimiter) { return found }
      start = found + 1
    }
    return nil
  }

  /// Without blanks around it.
  fileprivate var trimmed: UnsafeRawBufferPointer {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    var (start, end) = (0, count)
    while start < end, isBlank(self[start]) { start += 1 }
    while end > start, isBlank(self[end - 1]) { end -= 1 }
    return part(start, end - start)
  }

  /// Whether the letters are these, in either case; `text` is written in lower case.
  fileprivate func isEqualFolded(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    for index in 0..<count {
      let byte = self[index]
      let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
      if (isUpper ? byte | 0x20 : byte) != text.utf8Start[index] { return false }
    }
    return true
  }
}
