import Testing

@testable import Host

@Suite struct PasswordHashTests {
  @Test("A hash is argon2id with the named costs, has its own salt and matches only its password")
  func hashes() throws {
    let first = try PasswordHash.make("correct horse")
    let second = try PasswordHash.make("correct horse")
    #expect(first.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
    #expect(first != second)
    #expect(PasswordHash.matches("correct horse", hash: first))
    #expect(PasswordHash.matches("correct horse", hash: second))
    #expect(!PasswordHash.matches("correct horsf", hash: first))
    #expect(!PasswordHash.matches("", hash: first))
    #expect(!PasswordHash.matches("correct horse", hash: "nonsense"))
  }
}
