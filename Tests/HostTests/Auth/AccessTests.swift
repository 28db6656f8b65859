import Logging
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
    access = try Self.access(store)
  }

  private static func access(_ store: Store) throws -> Access {
    Access(
      members: MemberDirectory(try store.members(), vault: store.vault),
      tokens: try TokenKeeper(store: store, log: Logger(label: "test")))
  }

  private func denial(key: String?, token: String? = nil, app: String?) -> AccessDenial? {
    do throws(AccessDenial) {
      let credentials = Access.Credentials(apiKey: key, authToken: token)
      _ = try access.member(credentials, .readCore, appID: app) { $0 == "known" }
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
    let member = try access.member(.init(apiKey: admin.apiKey), .member)
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

  @Test("Rights are asked for in the app that is named, and a locked member has none")
  func rights() throws {
    let folder = try TemporaryFolder()
    let store = try Store.open(directory: folder.path)
    let own = Permission(administering: ["mine"], using: ["ours"])
    let text = own.document.text(escaping: false)
    _ = try store.createMember(NewMember(username: "admin", isGlobalAdmin: true), nowMs: 1)
    let ada = try store.createMember(NewMember(username: "ada", permission: text), nowMs: 2)
    func denial(_ need: Access.Need, _ app: String?) throws -> AccessDenial? {
      let access = try Self.access(store)
      do throws(AccessDenial) {
        _ = try access.member(.init(apiKey: ada.apiKey), need, appID: app)
        return nil
      } catch {
        return error
      }
    }
    #expect(try denial(.readCore, "mine") == nil)
    #expect(try denial(.readCore, "ours") == nil)
    #expect(try denial(.right(.delete, "views"), "mine") == nil)
    #expect(try denial(.right(.update, "core"), "ours") == .rightMissing)
    #expect(try denial(.readCore, "theirs") == .rightMissing)
    #expect(try denial(.readCore, nil) == .appMissing)
    #expect(try denial(.appAdmin, "mine") == nil)
    #expect(try denial(.appAdmin, "ours") == .appAdminOnly)
    #expect(try denial(.appAdmin, nil) == .appAdminOnly)
    #expect(try denial(.globalAdmin, "mine") == .globalAdminOnly)
    #expect(try denial(.member, nil) == nil)
    var lock = MemberChange()
    lock.isLocked = true
    _ = try store.updateMember(id: ada.id, lock) { _ in [] }
    #expect(try denial(.member, nil) == .memberLocked)
    #expect(try denial(.readCore, "mine") == .memberLocked)
    // Who has no right is told so before anything else is.
    #expect(try denial(.readCore, "theirs") == .rightMissing)
  }

  @Test("Only a global administrator manages")
  func globalAdmin() throws {
    #expect(throws: AccessDenial.globalAdminOnly) {
      try access.member(.init(apiKey: other.apiKey), .globalAdmin)
    }
    #expect(throws: AccessDenial.memberUnknown) {
      try access.member(.init(apiKey: "bad"), .globalAdmin)
    }
    #expect(throws: AccessDenial.credentialMissing) { try access.member(.init(), .globalAdmin) }
    #expect(try access.member(.init(apiKey: admin.apiKey), .globalAdmin).id == admin.id)
    #expect(AccessDenial.globalAdminOnly.status == 401)
    #expect(
      AccessDenial.globalAdminOnly.message == "User does not have right")
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
