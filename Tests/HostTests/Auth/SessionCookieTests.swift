import Store
import Testing

@testable import Host

@Suite struct SessionCookieTests {
  private let own = String(repeating: "a1", count: 20)

  @Test("The cookie is found among others, and nothing that could not be one")
  func reading() {
    #expect(SessionCookie(header: "a=b; tally_session=\(own); c=d")?.value == own)
    #expect(SessionCookie(header: "tally_session=\(own)")?.value == own)
    for header in [
      nil, "", "tally_session", "tally_session=", "tally_session=short", "xtally_session=\(own)",
      "tally_session=\(own)\"", "tally_session=\(own.uppercased())", "tally_session=\(own + own)",
    ] {
      #expect(SessionCookie(header: header) == nil, "\(header ?? "none")")
    }
    let visit = SessionCookie.visit()
    #expect(SessionCookie(header: "tally_session=\(visit.value)") == visit)
    #expect(visit != SessionCookie.visit())
  }

  @Test("What a form carries belongs to one browser and one server")
  func csrf() {
    let vault = Vault(key: Array(repeating: 1, count: 32))
    let (one, other) = (SessionCookie.visit(), SessionCookie.visit())
    let csrf = one.csrf(vault)
    #expect(csrf.utf8.count == 36 && one.isSent(by: csrf, vault))
    #expect(!other.isSent(by: csrf, vault) && !one.isSent(by: nil, vault))
    #expect(!one.isSent(by: csrf, Vault(key: Array(repeating: 2, count: 32))))
  }

  @Test("What others write makes no second line of the log")
  func log() {
    #expect(
      LogText.safe("ada\n2026-01-01 error forged\r\u{1b}[2K\u{2028}x")
        == "ada?2026-01-01 error forged??[2K?x")
    #expect(LogText.safe(String(repeating: "a", count: 1_000)).count == 100)
    #expect(LogText.safe("Ada Løvelace") == "Ada Løvelace")
  }

  @Test("Nobody's hash takes as long as one, and no password has it")
  func nobody() throws {
    #expect(PasswordHash.isCurrent(PasswordHash.nobodys))
    #expect(PasswordHash.nobodys.utf8.count == (try PasswordHash.make("Secret-1")).utf8.count)
    #expect(!PasswordHash.matches("", hash: PasswordHash.nobodys))
    let start = Clock.monotonicSeconds
    _ = PasswordHash.matches("x", hash: PasswordHash.nobodys)
    #expect(Clock.monotonicSeconds - start > 0.002, "it was not computed")
  }
}
