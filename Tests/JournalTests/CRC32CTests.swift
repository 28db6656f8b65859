import CCRC32C
import Testing

@Suite("CRC-32C")
struct CRC32CTests {
  typealias Checksum = @Sendable (UInt32, UnsafeRawPointer?, Int) -> UInt32

  static let implementations: [Checksum] = [tally_crc32c, tally_crc32c_portable]

  /// RFC 3720 appendix B.4, and the check value of the polynomial.
  static let vectors: [(bytes: [UInt8], checksum: UInt32)] = [
    ([], 0),
    (Array("123456789".utf8), 0xE306_9283),
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    (Array(0...31), 0x46DD_794E),
    (Array((0...31).reversed()), 0x113F_DB5C),
  ]

  @Test("Both implementations give the published numbers", arguments: 0..<2)
  func vectors(implementation: Int) {
    let checksum = Self.implementations[implementation]
    for vector in Self.vectors {
      #expect(checksum(0, vector.bytes, vector.bytes.count) == vector.checksum)
    }
  }

  @Test("Both implementations agree at every length and every alignment")
  func agreement() {
    let bytes = (0..<600).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 3) }
    bytes.withUnsafeBytes { all in
      for start in 0..<8 {
        for count in 0..<(all.count - start) {
          let part = UnsafeRawBufferPointer(rebasing: all[start..<start + count])
          #expect(
            tally_crc32c(7, part.baseAddress, count)
              == tally_crc32c_portable(7, part.baseAddress, count))
        }
      }
    }
  }

  @Test("A checksum goes on from the one of the bytes before")
  func continuation() {
    let text = Array("123456789".utf8)
    for implementation in Self.implementations {
      for split in 0...text.count {
        let head = implementation(0, Array(text[..<split]), split)
        let whole = implementation(head, Array(text[split...]), text.count - split)
        #expect(whole == 0xE306_9283)
      }
    }
  }
}
