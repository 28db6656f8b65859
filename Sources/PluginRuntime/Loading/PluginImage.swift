import CCrypto
import Foundation

/// The bytes of a plugin's library, read once. What is verified is these bytes, and what is loaded
/// must be these bytes: whoever loads writes them to a private copy and opens that.
package struct PluginImage: Sendable {
  static let bytesMax = 512 << 20

  /// Where the operator keeps it; messages name this path.
  package let path: String
  package let bytes: [UInt8]
  /// Lower-case hexadecimal.
  package let sha256: String

  /// Reads a library. File and folder must not be writable for everybody: whoever may write them
  /// would be the host.
  package init(reading path: String) throws(PluginError) {
    try SharedObject.inspect(path: path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.unreadable(path) }
    defer { close(descriptor) }
    try Self.refuseOpenPlace(descriptor, path: path)
    self.path = path
    bytes = try Self.read(descriptor, path: path)
    sha256 = Self.hash(bytes)
  }

  /// Refuses bytes that are not what the operator pinned.
  package func verify(
    _ pins: PluginPins, plugin: String, policy: TrustPolicy
  ) throws(PluginError) {
    if policy.isPinRequired, pins.isEmpty {
      throw PluginError(
        .untrusted,
        "\(plugin): \(path) is not pinned, and host.plugin_pins is required; write its `sha256` "
          + "(\(sha256)) or a `signature` below plugins.\(plugin), when you know where it comes from"
      )
    }
    if let pinned = pins.sha256, pinned != sha256 {
      throw PluginError(
        .untrusted,
        "\(plugin): \(path) has sha256 \(sha256), need \(pinned); install the file that was pinned, "
          + "or pin the new one when you know where it comes from")
    }
    guard let signature = pins.signature else { return }
    guard !policy.keys.isEmpty else {
      throw PluginError(
        .untrusted,
        "\(plugin): a signature is pinned and host.plugin_keys names no key to check it with; "
          + "add the signer's public key")
    }
    guard policy.keys.contains(where: { Self.isSigned(bytes, signature, by: $0) }) else {
      throw PluginError(
        .untrusted,
        "\(plugin): the signature does not fit \(path) (sha256 \(sha256)) and any of the "
          + "\(policy.keys.count) keys in host.plugin_keys; install the file that was signed")
    }
  }

  private static func refuseOpenPlace(_ descriptor: Int32, path: String) throws(PluginError) {
    let folder = (path as NSString).deletingLastPathComponent
    var file = stat()
    var place = stat()
    guard fstat(descriptor, &file) == 0, stat(folder.isEmpty ? "." : folder, &place) == 0 else {
      throw unreadable(path)
    }
    for (name, info) in [(path, file), (folder, place)] where info.st_mode & S_IWOTH != 0 {
      throw PluginError(
        .openToAll,
        "\(name) may be written by everybody (mode \(String(info.st_mode & 0o7777, radix: 8))), "
          + "so anybody could run code in this server; run chmod o-w \(name)")
    }
  }

  private static func read(_ descriptor: Int32, path: String) throws(PluginError) -> [UInt8] {
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw unreadable(path) }
    guard info.st_size <= bytesMax else {
      throw PluginError(
        .notSharedObject, "\(path) has \(info.st_size) bytes, need at most \(bytesMax); strip it")
    }
    let size = Int(info.st_size)
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
        if got < 0, errno == EINTR { continue }
        if got <= 0 { break }
        count += got
      }
      failed = count < size
    }
    if failed { throw unreadable(path) }
    return bytes
  }

  private static func hash(_ bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256(bytes, bytes.count, &digest)
    return digest.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  private static func isSigned(_ bytes: [UInt8], _ signature: [UInt8], by key: [UInt8]) -> Bool {
    guard
      let raw = EVP_PKEY_new_raw_public_key(Int32(EVP_PKEY_ED25519), nil, key, key.count)
    else { return false }
    defer { EVP_PKEY_free(raw) }
    guard let context = EVP_MD_CTX_new() else { return false }
    defer { EVP_MD_CTX_free(context) }
    return EVP_DigestVerifyInit(context, nil, nil, nil, raw) == 1
      && EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
  }

  private static func unreadable(_ path: String) -> PluginError {
    PluginError(
      .notFound,
      "\(path) cannot be read: \(String(cString: strerror(errno))); check that this user may read it"
    )
  }
}

/// What the operator says a plugin's library must be.
package struct PluginPins: Sendable, Equatable {
  /// Lower-case hexadecimal.
  package var sha256: String?
  /// ed25519, over the whole file.
  package var signature: [UInt8]?

  package init(sha256: String? = nil, signature: [UInt8]? = nil) {
    self.sha256 = sha256
    self.signature = signature
  }

  package var isEmpty: Bool { sha256 == nil && signature == nil }
}

/// Whom the operator believes.
package struct TrustPolicy: Sendable, Equatable {
  package static let keyBytes = 32

  /// Public keys whose signatures count.
  package let keys: [[UInt8]]
  /// Whether a library without a pin is refused.
  package let isPinRequired: Bool

  package init(keys: [[UInt8]] = [], isPinRequired: Bool = false) {
    self.keys = keys
    self.isPinRequired = isPinRequired
  }
}
