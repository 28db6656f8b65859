import Foundation
import GRDB
import Testing

@testable import Store

@Suite struct SecretTests {
  private let fixture: StoreFixture
  private let keyPath: String

  init() throws {
    fixture = try StoreFixture()
    keyPath = fixture.directory + "/tally.key"
  }

  private var store: Store { fixture.store }

  /// Everything that lies in the folder, without the file of keys.
  private func bytes() throws -> Data {
    let names = try FileManager.default.subpathsOfDirectory(atPath: fixture.directory)
    return names.filter { $0 != "tally.key" }.reduce(Data()) { bytes, name in
      bytes + (FileManager.default.contents(atPath: fixture.directory + "/" + name) ?? Data())
    }
  }

  private func lies(_ text: String) throws -> Bool { try bytes().range(of: Data(text.utf8)) != nil }

  private func key(_ digit: String) -> String { String(repeating: digit, count: 64) }

  private func write(_ lines: String...) throws {
    try (lines.joined(separator: "\n") + "\n").write(
      toFile: keyPath, atomically: false, encoding: .utf8)
  }

  private func refusal() -> StoreError? {
    do {
      try fixture.reopen()
      return nil
    } catch { return error as? StoreError }
  }

  @Test("No file of the store tells an api key or a token; the store finds and reads both")
  func atRest() throws {
    let ada = try store.createMember(NewMember(username: "ada"), nowMs: 1)
    let made = try #require(try store.createToken(NewToken(owner: ada.id, ttl: 60), nowS: 1)).made
    try fixture.reopen()
    #expect(try store.member(apiKey: ada.apiKey) == ada)
    #expect(try store.tokens() == [made])
    #expect(ada.apiKey.count == 32 && made.text.count == 40)
    #expect(try lies(ada.id) && !lies(ada.apiKey) && !lies(made.text))
    #expect(try !lies(String(contentsOfFile: keyPath, encoding: .utf8).prefix(64).description))
    let permissions = try FileManager.default.attributesOfItem(atPath: keyPath)[.posixPermissions]
    #expect(permissions as? Int == 0o600)
  }

  @Test("Keys of an older version are sealed, and can be read nowhere in its file any more")
  func older() throws {
    let ada = try store.createMember(NewMember(username: "ada"), nowMs: 1)
    try store.administer { db in
      try db.execute(
        sql: "UPDATE member SET api_key = ?, api_key_sealed = NULL", arguments: [ada.apiKey])
      try db.execute(sql: "DELETE FROM meta WHERE key = 'secrets'")
    }
    #expect(try lies(ada.apiKey))
    try fixture.reopen()
    #expect(try store.member(apiKey: ada.apiKey) == ada)
    #expect(try !lies(ada.apiKey))
  }

  @Test("Without its key file, or with another, the store says what is wrong and changes nothing")
  func missing() throws {
    let ada = try store.createMember(NewMember(username: "ada"), nowMs: 1)
    let kept = try String(contentsOfFile: keyPath, encoding: .utf8)
    try FileManager.default.removeItem(atPath: keyPath)
    #expect(refusal()?.code == .missing)
    #expect(refusal()?.message.contains("host.key_file") == true)
    #expect(!FileManager.default.fileExists(atPath: keyPath))
    for wrong in [key("a"), "", "short", kept + "zz"] {
      try write(wrong)
      let code = refusal()?.code
      #expect(code == .foreign, "\(wrong)")
    }
    try write(String(kept.prefix(64)))
    #expect(chmod(keyPath, 0o666) == 0)
    #expect(refusal()?.code == .foreign)
    #expect(chmod(keyPath, 0o600) == 0)
    #expect(refusal() == nil)
    #expect(try store.member(apiKey: ada.apiKey) == ada)
  }

  @Test("A new first line renews the key; then the old one may go")
  func renewal() throws {
    let ada = try store.createMember(NewMember(username: "ada"), nowMs: 1)
    let token = try #require(try store.createToken(NewToken(owner: ada.id, ttl: 0), nowS: 1)).made
    let old = String(try String(contentsOfFile: keyPath, encoding: .utf8).prefix(64))
    try write("# of this year", key("b"), old)
    #expect(refusal() == nil)
    try write(key("b"))
    #expect(refusal() == nil)
    let again = try #require(try store.member(apiKey: ada.apiKey))
    #expect(again.id == ada.id && again.apiKeyHash != ada.apiKeyHash)
    #expect(try store.tokens().map(\.text) == [token.text])
    try write(old)
    #expect(refusal()?.code == .foreign)
    try write(key("b"))
    #expect(refusal() == nil)
  }

  @Test("What is sealed opens under its key, for its owner, as it was")
  func sealed() {
    let vault = Vault(key: Array(repeating: 7, count: 32))
    let sealed = vault.seal("secret", of: "ada")
    #expect(vault.open(sealed, of: "ada") == "secret")
    #expect(vault.open(sealed, of: "bob") == nil)
    #expect(Vault(key: Array(repeating: 8, count: 32)).open(sealed, of: "ada") == nil)
    #expect(vault.seal("secret", of: "ada") != sealed)
    for place in sealed.indices {
      var damaged = sealed
      damaged[place] ^= 1
      #expect(vault.open(damaged, of: "ada") == nil)
    }
    #expect(vault.open([], of: "ada") == nil)
    #expect(vault.hash("secret").count == 64 && vault.hash("secret") != vault.hash("secre"))
  }
}
