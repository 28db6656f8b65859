/// The text a request's hash is taken over (protocol section 5): what a client sends again
/// unchanged. Pairs that change on a retry are left out, each with its separator.
struct HashText {
  private let buffer: EntryBuffer

  init(buffer: EntryBuffer) {
    self.buffer = buffer
  }

  var bytes: UnsafeRawBufferPointer { buffer.bytes }

  /// Starts with the request target, less its first three characters (`/i?`).
  mutating func begin(target: UnsafeRawBufferPointer) {
    buffer.removeAll()
    guard target.count > 3 else { return }
    appendPairs(target.suffix(after: 3))
  }

  /// The number of bytes the target takes: what every item of a bulk request begins with.
  var count: Int { buffer.count }

  mutating func truncate(to count: Int) {
    buffer.truncate(to: count)
  }

  /// A form body.
  mutating func append(form body: UnsafeRawBufferPointer) {
    buffer.append(UInt8(ascii: "&"))
    appendPairs(body)
  }

  /// A body, or an item, that is taken as it is.
  mutating func append(text: UnsafeRawBufferPointer) {
    buffer.append(UInt8(ascii: "&"))
    buffer.append(text)
  }

  /// The members of a JSON body, each as sent, less those that change on a retry.
  mutating func append(members: ContiguousArray<SentParameter>) {
    for member in members where member.encoding == .json {
      if member.name?.changesOnRetry == true { continue }
      buffer.append(UInt8(ascii: "&"))
      buffer.append(member.key)
      buffer.append(UInt8(ascii: "="))
      buffer.append(member.value)
    }
  }

  /// The `timestamp` parameter as sent.
  mutating func append(timestamp: UnsafeRawBufferPointer) {
    buffer.append(timestamp)
  }

  /// Copies the pairs worth keeping; neighbours that stay are copied in one piece.
  private mutating func appendPairs(_ text: UnsafeRawBufferPointer) {
    var (start, kept, isFirst) = (0, 0, true)
    while start < text.count {
      let end = Self.separator(in: text, from: start)
      if Self.changesOnRetry(text.part(start, end - start)) {
        appendPiece(text, kept, start - 1, &isFirst)
        kept = end + 1
      }
      start = end + 1
    }
    appendPiece(text, kept, text.count, &isFirst)
  }

  private mutating func appendPiece(
    _ text: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ isFirst: inout Bool
  ) {
    guard end > start else { return }
    if !isFirst { buffer.append(UInt8(ascii: "&")) }
    buffer.append(text.part(start, end - start))
    isFirst = false
  }

  @inline(__always)
  static func separator(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
    text.firstOffset(of: UInt8(ascii: "&"), from: start) ?? text.count
  }

  @inline(__always)
  private static func changesOnRetry(_ pair: UnsafeRawBufferPointer) -> Bool {
    guard let first = pair.first else { return false }
    guard first == UInt8(ascii: "r") || first == UInt8(ascii: "c") else { return false }
    return starts(pair, "rr=") || starts(pair, "checksum=") || starts(pair, "checksum256=")
      || starts(pair, "callback=")
  }

  @inline(__always)
  static func starts(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    guard bytes.count >= text.utf8CodeUnitCount else { return false }
    return bytes.part(0, text.utf8CodeUnitCount).isEqual(to: text)
  }
}
