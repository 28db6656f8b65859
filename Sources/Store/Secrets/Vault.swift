import CCrypto

/// Hides what stands for members: keys and tokens are found by a keyed hash and kept encrypted, so
/// that the database tells nobody one that works.
package struct Vault: Sendable {
  /// Each use has a key of its own, all from the one in the file.
  private let finding: [UInt8]
  private let sealing: [UInt8]
  private let root: [UInt8]
  /// What the lines of the audit are chained under.
  let auditKey: [UInt8]
  /// Compares two hashes, in a time that says nothing about where they differ.
  package var areEqual: @Sendable (_ one: [UInt8], _ other: [UInt8]) -> Bool = {
    $0.count == $1.count && CRYPTO_memcmp($0, $1, $0.count) == 0
  }

  private static let nonceBytes = 12
  private static let tagBytes = 16
  private static let hashBytes = 32
  /// The layout of what is sealed: this byte, nonce, text, tag.
  private static let version: UInt8 = 1

  package init(key: [UInt8]) {
    root = key
    finding = Self.hash(Array("find".utf8), under: key)
    sealing = Self.hash(Array("seal".utf8), under: key)
    auditKey = Self.hash(Array("use:audit".utf8), under: key)
  }

  /// What a secret is found by: 64 hexadecimal digits that tell nothing about it.
  package func hash(_ secret: String) -> String {
    Identifier.hex(keyed(secret))
  }

  /// Whether two texts are the same; how long it takes says nothing about where they differ.
  package func isSame(_ one: String, _ other: String) -> Bool {
    areEqual(keyed(one), keyed(other))
  }

  private func keyed(_ text: String) -> [UInt8] { Self.hash(Array(text.utf8), under: finding) }

  /// A key for another use.
  package func key(for use: String) -> [UInt8] {
    Self.hash(Array("use:\(use)".utf8), under: root)
  }

  /// What says, without telling it, which key this is, and that the audit is chained under it: nobody
  /// without the key can take that back.
  var mark: String { Identifier.hex(key(for: "mark and audit")) }

  /// The same in a database of before, whose audit is chained under no key.
  var olderMark: String { Identifier.hex(key(for: "mark")) }

  /// HMAC-SHA256.
  package static func hash(_ bytes: [UInt8], under key: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: hashBytes)
    var count: UInt32 = 0
    let made = HMAC(EVP_sha256(), key, Int32(key.count), bytes, bytes.count, &digest, &count)
    precondition(made != nil && count == hashBytes, "libcrypto has HMAC-SHA256")
    return digest
  }

  /// The secret encrypted with AES-256-GCM. It opens as the secret of that owner and of nobody else.
  func seal(_ secret: String, of owner: String) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    let nonce = (0..<Self.nonceBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let (plain, owner) = (Array(secret.utf8), Array(owner.utf8))
    var sealed = [UInt8](repeating: 0, count: plain.count)
    var tag = [UInt8](repeating: 0, count: Self.tagBytes)
    var count: Int32 = 0
    let context = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(context) }
    let isSealed =
      EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, sealing, nonce) == 1
      && EVP_EncryptUpdate(context, nil, &count, owner, Int32(owner.count)) == 1
      && EVP_EncryptUpdate(context, &sealed, &count, plain, Int32(plain.count)) == 1
      && EVP_EncryptFinal_ex(context, &tag, &count) == 1
      && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag) == 1
    precondition(isSealed, "libcrypto has AES-256-GCM")
    return [Self.version] + nonce + sealed + tag
  }

  /// Nil when it was sealed under another key, for another owner, or is damaged.
  func open(_ sealed: [UInt8], of owner: String) -> String? {
    let textStart = 1 + Self.nonceBytes
    guard sealed.count >= textStart + Self.tagBytes, sealed[0] == Self.version else { return nil }
    let nonce = Array(sealed[1..<textStart])
    let text = Array(sealed[textStart..<sealed.count - Self.tagBytes])
    var tag = Array(sealed.suffix(Self.tagBytes))
    let owner = Array(owner.utf8)
    var plain = [UInt8](repeating: 0, count: text.count)
    var rest = [UInt8](repeating: 0, count: Self.tagBytes)
    var count: Int32 = 0
    let context = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(context) }
    let isOpen =
      EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, sealing, nonce) == 1
      && EVP_DecryptUpdate(context, nil, &count, owner, Int32(owner.count)) == 1
      && EVP_DecryptUpdate(context, &plain, &count, text, Int32(text.count)) == 1
      && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1
      && EVP_DecryptFinal_ex(context, &rest, &count) == 1
    return isOpen ? String(decoding: plain, as: UTF8.self) : nil
  }
}
