import CCrypto
import Foundation
import Testing

@testable import PluginRuntime

/// Only what the operator pinned is loaded, and nothing that everybody may write.
@Suite("Trust")
struct TrustTests {
  private let folder: PluginFolder

  init() throws {
    folder = try PluginFolder()
    try folder.compile("talkative")
  }

  private var image: PluginImage {
    get throws { try PluginImage(reading: folder.library("talkative")) }
  }

  /// A key pair, and its signature of some bytes.
  private func sign(_ bytes: [UInt8]) throws -> (key: [UInt8], signature: [UInt8]) {
    let secret = (0..<32).map { _ in UInt8.random(in: 0...255) }
    let pair = try #require(
      EVP_PKEY_new_raw_private_key(Int32(EVP_PKEY_ED25519), nil, secret, secret.count))
    defer { EVP_PKEY_free(pair) }
    var key = [UInt8](repeating: 0, count: 32)
    var keyCount = key.count
    #expect(EVP_PKEY_get_raw_public_key(pair, &key, &keyCount) == 1)
    let context = try #require(EVP_MD_CTX_new())
    defer { EVP_MD_CTX_free(context) }
    var signature = [UInt8](repeating: 0, count: 64)
    var count = signature.count
    #expect(EVP_DigestSignInit(context, nil, nil, nil, pair) == 1)
    #expect(EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1)
    return (key, signature)
  }

  @Test("The pinned hash lets the file pass, another one is refused with both")
  func hash() throws {
    let hash = try image.sha256
    #expect(hash.count == 64)
    #expect(try folder.refusal("talkative", pins: PluginPins(sha256: hash)) == nil)
    let other = String(repeating: "0", count: 64)
    #expect(
      try folder.refusal("talkative", pins: PluginPins(sha256: other))
        == "TALLY-150: talkative: FOLDER/libtalkative.so has sha256 \(hash), need \(other); install "
        + "the file that was pinned, or pin the new one when you know where it comes from")
  }

  @Test("A signature by one of the operator's keys lets the file pass")
  func signature() throws {
    let signed = try sign(image.bytes)
    let stranger = try sign(image.bytes)
    let pins = PluginPins(signature: signed.signature)
    #expect(
      try folder.refusal(
        "talkative", pins: pins, trust: TrustPolicy(keys: [stranger.key, signed.key])) == nil)
    #expect(
      try folder.refusal("talkative", pins: pins, trust: TrustPolicy(keys: [stranger.key]))
        == "TALLY-150: talkative: the signature does not fit FOLDER/libtalkative.so (sha256 "
        + "\(image.sha256)) and any of the 1 keys in host.plugin_keys; install the file that was signed"
    )
    #expect(
      try folder.refusal("talkative", pins: pins)
        == "TALLY-150: talkative: a signature is pinned and host.plugin_keys names no key to check it "
        + "with; add the signer's public key")
  }

  @Test("A signature of other bytes is refused")
  func otherBytes() throws {
    var bytes = try image.bytes
    bytes[bytes.count - 1] ^= 1
    let signed = try sign(bytes)
    let refusal = try folder.refusal(
      "talkative", pins: PluginPins(signature: signed.signature),
      trust: TrustPolicy(keys: [signed.key]))
    #expect(refusal?.hasPrefix("TALLY-150: talkative: the signature does not fit ") == true)
  }

  @Test("Where pins are required, a file without one is refused, and told its hash")
  func required() throws {
    let policy = TrustPolicy(isPinRequired: true)
    let hash = try image.sha256
    #expect(
      try folder.refusal("talkative", trust: policy)
        == "TALLY-150: talkative: FOLDER/libtalkative.so is not pinned, and host.plugin_pins is "
        + "required; write its `sha256` (\(hash)) or a `signature` below plugins.talkative, when you "
        + "know where it comes from")
    #expect(
      try folder.refusal("talkative", pins: PluginPins(sha256: hash), trust: policy) == nil)
  }

  @Test("A file or folder that everybody may write is refused")
  func openToAll() throws {
    let library = folder.library("talkative")
    #expect(chmod(library, 0o757) == 0)
    #expect(
      try folder.refusal("talkative")
        == "TALLY-151: FOLDER/libtalkative.so may be written by everybody (mode 757), so anybody could "
        + "run code in this server; run chmod o-w FOLDER/libtalkative.so")
    #expect(chmod(library, 0o755) == 0 && chmod(folder.path, 0o777) == 0)
    #expect(
      try folder.refusal("talkative")
        == "TALLY-151: FOLDER may be written by everybody (mode 777), so anybody could run code in "
        + "this server; run chmod o-w FOLDER")
    #expect(chmod(folder.path, 0o755) == 0)
    #expect(try folder.refusal("talkative") == nil)
  }

  @Test("What is verified is what is loaded: the private copy holds the bytes that were hashed")
  func copy() throws {
    let cache = try CodeCache(folder: folder.path + "/cache")
    let library = folder.library("talkative")
    let pins = PluginPins(sha256: try image.sha256)
    let copy = try cache.admit(name: "talkative", path: library, pins: pins)
    #expect(copy.sha256 == pins.sha256)
    #expect(try PluginImage(reading: copy.path).bytes == image.bytes)
    // Another pin is judged anew, although the file is known.
    let other = PluginPins(sha256: String(repeating: "0", count: 64))
    #expect(throws: PluginError.self) {
      try cache.admit(name: "talkative", path: library, pins: other)
    }
    #expect(try cache.admit(name: "talkative", path: library, pins: pins) == copy)
  }
}
