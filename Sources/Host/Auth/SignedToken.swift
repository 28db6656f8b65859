import Foundation
import Store

/// A token that is kept nowhere: who it stands for and how long, signed (JWT, HS256). The algorithm
/// is this one and no other; what a header names is never asked.
struct SignedToken: Sendable {
  /// Seconds it works.
  static let seconds: Int64 = 900
  private static let bytesMax = 1_024
  private static let header = encoded(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))

  let vault: Vault

  private struct Claims: Codable {
    let sub: String
    let iat: Int64
    let exp: Int64
    /// The password of its making: with another one it is void.
    let pwd: String
  }

  func make(_ member: Member, nowS: Int64) throws -> String {
    let claims = Claims(
      sub: member.id, iat: nowS, exp: nowS + Self.seconds, pwd: password(member))
    let text = Self.header + "." + Self.encoded(Array(try JSONEncoder().encode(claims)))
    return text + "." + signature(of: text)
  }

  /// The member it stands for; nil when it is not ours, over, or void.
  func caller(_ text: String, _ members: MemberDirectory, nowS: Int64) -> MemberRights? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= Self.bytesMax, parts.count == 3, parts[0] == Self.header,
      vault.isSame(String(parts[2]), signature(of: "\(parts[0]).\(parts[1])")),
      let data = Self.decoded(String(parts[1])),
      let claims = try? JSONDecoder().decode(Claims.self, from: data),
      claims.exp > nowS, claims.iat <= nowS + Self.seconds,
      let caller = members.caller(id: claims.sub), claims.pwd == password(caller.member)
    else { return nil }
    return caller
  }

  private func signature(of text: String) -> String {
    Self.encoded(Vault.hash(Array(text.utf8), under: vault.key(for: "signed tokens")))
  }

  private func password(_ member: Member) -> String {
    String(vault.hash("password \(member.passwordHash ?? "")").prefix(16))
  }

  private static func encoded(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }

  private static func decoded(_ text: String) -> Data? {
    let plain = text.replacing("-", with: "+").replacing("_", with: "/")
    return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.count % 4) % 4))
  }
}
