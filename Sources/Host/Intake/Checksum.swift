import CCrypto

/// Tamper protection (protocol 1.8): a digest over the request's text as sent, without the
/// checksum's own pair, followed by the app's salt.
struct Checksum {
  /// Which digest a parameter carries.
  enum Algorithm {
    case sha1
    case sha256

    var pairPrefix: StaticString {
      switch self {
      case .sha1: "checksum="
      case .sha256: "checksum256="
      }
    }
  }

  let algorithm: Algorithm
  /// What the client sent, hexadecimal in either case.
  let sent: UnsafeRawBufferPointer

  /// The checksum among the parameters; the stronger one counts when both were sent.
  init?(_ parameters: ParameterList) {
    if let parameter = parameters[.checksum256], !parameter.text.isEmpty {
      algorithm = .sha256
      sent = parameter.text
    } else if let parameter = parameters[.checksum], !parameter.text.isEmpty {
      algorithm = .sha1
      sent = parameter.text
    } else {
      return nil
    }
  }

  init(algorithm: Algorithm, sent: UnsafeRawBufferPointer) {
    self.algorithm = algorithm
    self.sent = sent
  }

  /// Whether the digest of `text` and `salt` is the one sent.
  func matches(_ text: UnsafeRawBufferPointer, salt: [UInt8], scratch: EntryBuffer) -> Bool {
    let start = scratch.count
    defer { scratch.truncate(to: start) }
    appendWithoutOwnPair(text, to: scratch)
    salt.withUnsafeBytes { scratch.append($0) }
    return Self.digest(scratch.bytes.suffix(after: start), algorithm) { digest in
      Self.isHex(sent, of: digest)
    }
  }

  private func appendWithoutOwnPair(_ text: UnsafeRawBufferPointer, to buffer: EntryBuffer) {
    var (start, isFirst) = (0, true)
    while start < text.count {
      let end = HashText.separator(in: text, from: start)
      let pair = text.part(start, end - start)
      if !HashText.starts(pair, algorithm.pairPrefix) {
        if !isFirst { buffer.append(UInt8(ascii: "&")) }
        buffer.append(pair)
        isFirst = false
      }
      start = end + 1
    }
  }

  private static func digest<Answer>(
    _ bytes: UnsafeRawBufferPointer, _ algorithm: Algorithm,
    _ body: (UnsafeRawBufferPointer) -> Answer
  ) -> Answer {
    withUnsafeTemporaryAllocation(byteCount: Int(EVP_MAX_MD_SIZE), alignment: 16) { digest in
      var count: UInt32 = 0
      let function = algorithm == .sha1 ? EVP_sha1() : EVP_sha256()
      let output = digest.baseAddress?.assumingMemoryBound(to: UInt8.self)
      let isDone = EVP_Digest(bytes.baseAddress, bytes.count, output, &count, function, nil)
      precondition(isDone == 1, "libcrypto has SHA-1 and SHA-256")
      return body(UnsafeRawBufferPointer(start: digest.baseAddress, count: Int(count)))
    }
  }

  /// Compares every byte, so that the time taken tells nothing.
  private static func isHex(
    _ text: UnsafeRawBufferPointer, of digest: UnsafeRawBufferPointer
  ) -> Bool {
    guard text.count == digest.count * 2 else { return false }
    var difference: UInt8 = 0
    for index in 0..<text.count {
      let nibble = index % 2 == 0 ? digest[index / 2] >> 4 : digest[index / 2] & 15
      let digit = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") - 10 + nibble
      // Only letters change with 0x20, and no digit becomes a letter or another digit by it.
      difference |= (text[index] | 0x20) ^ (digit | 0x20)
    }
    return difference == 0
  }
}
