/// Room on the stack in which a hook composes a text. What does not fit is cut.
public struct TextBuffer {
  /// Bytes that any number fits into.
  static let numberBytesMax = 40

  @usableFromInline let base: UnsafeMutableRawPointer
  /// Bytes that fit.
  public let capacity: Int
  /// Bytes written.
  public private(set) var count = 0

  @usableFromInline init(_ buffer: UnsafeMutableRawBufferPointer) {
    guard let base = buffer.baseAddress else { preconditionFailure("a text buffer needs room") }
    self.base = base
    capacity = buffer.count
  }

  /// Lends a buffer for the length of a call.
  public static func with<T>(
    capacity: Int, _ body: (inout TextBuffer) throws -> T
  ) rethrows -> T {
    try withUnsafeTemporaryAllocation(byteCount: max(capacity, 1), alignment: 8) { room in
      var buffer = TextBuffer(room)
      return try body(&buffer)
    }
  }

  /// What was written since `start`, until the buffer changes.
  public func text(from start: Int = 0) -> Text {
    Text(UnsafeRawPointer(base) + start, count: count - start)
  }

  /// Forgets what was written behind `end`.
  public mutating func truncate(to end: Int = 0) {
    count = min(count, max(end, 0))
  }

  public mutating func append(_ byte: UInt8) {
    guard count < capacity else { return }
    base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  public mutating func append(_ text: Text) {
    let fitting = text.prefix(capacity - count)
    guard let source = fitting.base else { return }
    (base + count).copyMemory(from: source, byteCount: fitting.count)
    count += fitting.count
  }

  /// Appends a whole number in decimal.
  public mutating func append(_ number: Int64) {
    if number < 0 { append(UInt8(ascii: "-")) }
    var rest = number.magnitude
    var divisor: UInt64 = 1
    while rest / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(ascii: "0") + UInt8(rest / divisor))
      rest %= divisor
      divisor /= 10
    }
  }

  /// Appends a number as JavaScript writes it, so that `5.0` is `5`.
  public mutating func append(_ number: Double) {
    if let whole = Int64(exactly: number), whole.magnitude < 1 << 53 { return append(whole) }
    Text.with("\(number)") { append($0) }
  }

  /// Appends 16 hexadecimal digits.
  public mutating func append(hexadecimal number: UInt64) {
    for shift in stride(from: UInt64(60), through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: number >> shift & 15)
      append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }
}
