import Store
import Testing

@testable import Host

@Suite struct AccessTests {
  private let admin: Member
  private let other: Member
  private let access: Access

  init() throws {
    let folder = try TemporaryFolder()
    let store = try Store.open(directory: folder.path)
    admin = try store.createMember(NewMember(username: "admin", isGlobalAdmin: true), nowMs: 1)
    other = try store.createMember(NewMember(username: "other"), nowMs: 2)
    access = Access(members: MemberDirectory(try store.members()))
  }

  private func denial(key: String?, token: String? = nil, app: String?) -> AccessDenial? {
    do throws(AccessDenial) {
      let credentials = Access.Credentials(apiKey: key, authToken: token)
      _ = try access.reader(credentials, appID: app) { $0 == "known" }
      return nil
    } catch {
      return error
    }
  }

  @Test("An administrator reads a known app, and may leave the app out")
  func allowed() throws {
    #expect(denial(key: admin.apiKey, app: "known") == nil)
    #expect(denial(key: admin.apiKey, app: nil) == nil)
    #expect(denial(key: admin.apiKey, token: "bad", app: "known") == nil)
    let member = try access.member(Access.Credentials(apiKey: admin.apiKey))
    #expect(member.username == "admin")
  }

  @Test("Errors come in the order clients know")
  func denials() {
    #expect(denial(key: nil, app: "unknown") == .credentialMissing)
    #expect(denial(key: nil, token: "bad", app: "unknown") == .tokenInvalid)
    #expect(denial(key: "bad", token: "bad", app: "unknown") == .memberUnknown)
    #expect(denial(key: String(admin.apiKey.dropLast()), app: "known") == .memberUnknown)
    #expect(denial(key: "", app: "known") == .memberUnknown)
    #expect(denial(key: other.apiKey, app: nil) == .appMissing)
    #expect(denial(key: other.apiKey, app: "known") == .rightMissing)
    #expect(denial(key: admin.apiKey, app: "unknown") == .appUnknown)
  }

  @Test("Only a global administrator manages")
  func globalAdmin() throws {
    #expect(throws: AccessDenial.globalAdminOnly) {
      try access.globalAdmin(.init(apiKey: other.apiKey))
    }
    #expect(throws: AccessDenial.memberUnknown) { try access.globalAdmin(.init(apiKey: "bad")) }
    #expect(throws: AccessDenial.credentialMissing) { try access.globalAdmin(.init()) }
    #expect(try access.globalAdmin(.init(apiKey: admin.apiKey)).id == admin.id)
    #expect(AccessDenial.globalAdminOnly.status == 401)
    #expect(
      AccessDenial.globalAdminOnly.message == "User is not a global administrator")
  }

  @Test("Status and words are those clients compare with")
  func words() {
    #expect(AccessDenial.credentialMissing.status == 400)
    #expect(
      AccessDenial.credentialMissing.message == "Missing parameter \"api_key\" or \"auth_token\"")
    #expect(AccessDenial.tokenInvalid.status == 400)
    #expect(AccessDenial.memberUnknown.status == 401)
    #expect(AccessDenial.memberUnknown.message == "User does not exist")
    #expect(AccessDenial.rightMissing.message == "User does not have right")
    #expect(AccessDenial.appMissing.message == "No app_id provided")
    #expect(AccessDenial.appUnknown.message == "App does not exist")
    #expect(AccessDenial.appUnknown.status == 401)
  }

  @Test("A replaced directory knows the new members and forgets the old")
  func replacing() throws {
    access.members.replace(with: [other])
    #expect(denial(key: admin.apiKey, app: "known") == .memberUnknown)
    #expect(denial(key: other.apiKey, app: "known") == .rightMissing)
  }
}
