import CProcessor

/// Escapes resolved, many bytes at a time.
extension FormText {
  /// What may be written behind the end of a text, to be written over.
  static let slackBytes = 64
  /// What the portable decoder copies at once.
  static let pieceBytes = MemoryLayout<SIMD16<UInt8>>.size
  private static let isWide = tally_has_wide_unescape()

  /// Appends `raw` with escapes resolved; answers whether all of it is ASCII.
  @inline(__always)
  static func unescape(_ raw: UnsafeRawBufferPointer, into buffer: EntryBuffer) -> Bool {
    guard let base = raw.baseAddress, isWide else { return unescapeByPieces(raw, into: buffer) }
    let output = buffer.reserve(raw.count + slackBytes)
    let done = tally_unescape_wide(base, raw.count, output)
    buffer.advance(done.count)
    return done.high == 0
  }

  /// The same on every processor.
  static func unescapeByPieces(_ raw: UnsafeRawBufferPointer, into buffer: EntryBuffer) -> Bool {
    guard let base = raw.baseAddress else { return true }
    var decoder = Decoder(raw, output: buffer.reserve(raw.count + slackBytes))
    var block = 0
    while block &+ Decoder.blockBytes <= raw.count {
      decoder.take(base + block, at: block)
      block &+= Decoder.blockBytes
    }
    // The rest is looked at in a block of its own, filled up with zeros.
    var rest = SIMD64<UInt8>()
    withUnsafeMutableBytes(of: &rest) { rest in
      rest.copyMemory(from: raw.suffix(after: block))
      if let base = rest.baseAddress { decoder.take(base, at: block) }
    }
    decoder.copy(to: raw.count)
    buffer.advance(decoder.written)
    return decoder.isASCII
  }

  /// Walks from escape to escape and copies what lies between.
  private struct Decoder {
    static let blockBytes = 64
    private let raw: UnsafeRawBufferPointer
    private let output: UnsafeMutableRawPointer
    private var read = 0
    private(set) var written = 0
    private var high: UInt64 = 0

    var isASCII: Bool { high == 0 }

    @inline(__always)
    init(_ raw: UnsafeRawBufferPointer, output: UnsafeMutableRawPointer) {
      self.raw = raw
      self.output = output
    }

    /// Resolves the escapes that begin in a block of the text.
    @inline(__always)
    mutating func take(_ bytes: UnsafeRawPointer, at block: Int) {
      high |= tally_high64(bytes)
      var marks = tally_match64(bytes, UInt8(ascii: "%"), UInt8(ascii: "+"))
      while marks != 0 {
        resolve(block &+ marks.trailingZeroBitCount)
        marks &= marks &- 1
      }
    }

    /// Copies what has been read up to here.
    @inline(__always)
    mutating func copy(to place: Int) {
      let count = place &- read
      if count <= FormText.pieceBytes, read &+ FormText.pieceBytes <= raw.count {
        let piece = raw.loadUnaligned(fromByteOffset: read, as: SIMD16<UInt8>.self)
        output.storeBytes(of: piece, toByteOffset: written, as: SIMD16<UInt8>.self)
      } else {
        UnsafeMutableRawBufferPointer(start: output + written, count: count)
          .copyMemory(from: raw.part(read, count))
      }
      read = place
      written &+= count
    }

    @inline(__always)
    private mutating func resolve(_ place: Int) {
      copy(to: place)
      if raw[place] == UInt8(ascii: "+") { return put(UInt8(ascii: " "), for: 1) }
      guard place &+ 2 < raw.count else { return put(raw[place], for: 1) }
      let (first, second) = (Self.nibble(raw[place &+ 1]), Self.nibble(raw[place &+ 2]))
      guard first | second < 16 else { return put(raw[place], for: 1) }
      let byte = first << 4 | second
      high |= UInt64(byte & 0x80)
      put(byte, for: 3)
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8, for count: Int) {
      output.storeBytes(of: byte, toByteOffset: written, as: UInt8.self)
      written &+= 1
      read &+= count
    }

    /// The value of a hexadecimal digit; 16 or more for any other byte. Digits and letters come
    /// mixed, so that a branch would be guessed wrong every other time.
    @inline(__always)
    private static func nibble(_ byte: UInt8) -> UInt8 {
      let isDigit = byte &- UInt8(ascii: "0") < 10
      let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 6
      let value = (byte & 15) &+ 9 &* (byte >> 6)
      return value | (isDigit != isLetter ? 0 : 0x80)
    }
  }
}
