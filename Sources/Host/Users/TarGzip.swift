/// A file as an archive clients can unpack: one entry of tar, in gzip, whose blocks are stored as
/// they are. Exports are small and rare; compressing them is not worth a library.
enum TarGzip {
  private static let blockBytes = 512
  private static let storedBytesMax = 65_535

  static func archive(_ name: String, _ bytes: [UInt8], modifiedSeconds: Int64) -> [UInt8] {
    var tar = header(name, bytes.count, modifiedSeconds)
    tar += bytes
    let padding = (blockBytes - bytes.count % blockBytes) % blockBytes
    tar += [UInt8](repeating: 0, count: padding + 2 * blockBytes)
    return gzip(tar)
  }

  private static func header(_ name: String, _ size: Int, _ seconds: Int64) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: blockBytes)
    func put(_ text: String, at place: Int) {
      for (offset, byte) in text.utf8.enumerated() { block[place + offset] = byte }
    }
    func octal(_ number: Int, _ digits: Int) -> String {
      let text = String(number, radix: 8)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    put(String(name.prefix(99)), at: 0)
    put(octal(0o640, 7), at: 100)
    put(octal(0, 7), at: 108)
    put(octal(0, 7), at: 116)
    put(octal(size, 11), at: 124)
    put(octal(Int(seconds), 11), at: 136)
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar\u{0}00", at: 257)
    put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148)
    return block
  }

  private static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
    var start = 0
    while start < bytes.count {
      let end = min(start + storedBytesMax, bytes.count)
      let length = UInt16(end - start)
      out.append(end == bytes.count ? 1 : 0)
      for word in [length, ~length] { out += [UInt8(word & 0xFF), UInt8(word >> 8)] }
      out += bytes[start..<end]
      start = end
    }
    for word in [checksum(bytes), UInt32(truncatingIfNeeded: bytes.count)] {
      withUnsafeBytes(of: word.littleEndian) { out += $0 }
    }
    return out
  }

  /// CRC-32 as gzip has it.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    let table = (0..<UInt32(256)).map { seed in
      (0..<8).reduce(seed) { value, _ in value & 1 == 0 ? value >> 1 : 0xEDB8_8320 ^ value >> 1 }
    }
    return ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
  }
}
