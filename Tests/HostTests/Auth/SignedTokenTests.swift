import Foundation
import Store
import Testing

@testable import Host

@Suite struct SignedTokenTests {
  private let store: Store
  private let ada: Member
  private let signed: SignedToken

  init() throws {
    store = try Store.open(directory: try TemporaryFolder().path)
    ada = try store.createMember(NewMember(username: "ada", passwordHash: "x"), nowMs: 1)
    signed = SignedToken(vault: store.vault)
  }

  private func isTaken(_ text: String, at nowS: Int64 = 1_000) throws -> Bool {
    let members = MemberDirectory(try store.members(), vault: store.vault)
    return signed.caller(text, members, nowS: nowS)?.member.id == ada.id
  }

  private func encoded(_ text: String) -> String {
    Data(text.utf8).base64EncodedString().replacing("=", with: "").replacing("+", with: "-")
      .replacing("/", with: "_")
  }

  @Test("It stands for its member for a quarter of an hour, and no longer than the password")
  func life() throws {
    let text = try signed.make(ada, nowS: 1_000)
    #expect(try isTaken(text) && isTaken(text, at: 1_899))
    #expect(try !isTaken(text, at: 1_900))
    #expect(try !isTaken(text, at: 0), "from the future")
    var change = MemberChange()
    change.passwordHash = "y"
    _ = try store.updateMember(id: ada.id, change) { _ in [] }
    #expect(try !isTaken(text))
  }

  @Test("Whatever its header says, only the one algorithm and this server's key count")
  func forged() throws {
    let parts = try signed.make(ada, nowS: 1_000).split(separator: ".").map(String.init)
    let headers = [
      #"{"alg":"none","typ":"JWT"}"#, #"{"alg":"HS512","typ":"JWT"}"#,
      #"{"alg":"RS256","typ":"JWT"}"#, #"{"typ":"JWT","alg":"HS256"}"#, "{}", "",
    ]
    for header in headers {
      for signature in [parts[2], ""] {
        #expect(try !isTaken("\(encoded(header)).\(parts[1]).\(signature)"), "\(header)")
      }
    }
    let claims = #"{"sub":"\#(ada.id)","iat":1000,"exp":99999999999,"pwd":""}"#
    #expect(try !isTaken("\(parts[0]).\(encoded(claims)).\(parts[2])"))
    let other = SignedToken(vault: Vault(key: Array(repeating: 1, count: 32)))
    #expect(try !isTaken(try other.make(ada, nowS: 1_000)))
    for place in parts[2].indices.dropLast() {
      var damaged = parts[2]
      let digit = damaged[place] == "A" ? "B" : "A"
      damaged.replaceSubrange(place...place, with: digit)
      #expect(try !isTaken("\(parts[0]).\(parts[1]).\(damaged)"))
    }
    let long = String(repeating: "a", count: 2_000)
    for text in ["", ".", "..", "a.b", parts.joined(separator: ".") + ".", long] {
      #expect(try !isTaken(text))
    }
  }
}
