import Store
import Testing

@testable import Host

@Suite struct SetupTests {
  private func setup(
    username: String = "ada", password: String = "long enough", app: String = "Shop",
    timezone: String = "Europe/Berlin", country: String = "DE"
  ) throws(CommandError) -> Setup {
    try Setup(
      username: username, password: password, app: app, timezone: timezone, country: country)
  }

  @Test("Setup makes an administrator with the password and an app in the zone")
  func makes() throws {
    let folder = try TemporaryFolder()
    let store = try Store.open(directory: folder.path)
    let values = try setup().perform(on: store, nowMs: 5).values
    let member = try #require(try store.members().first)
    let app = try #require(try store.apps().first)
    #expect(
      values == [
        "member_id": member.id, "api_key": member.apiKey, "app_id": app.hex, "app_key": app.key,
      ])
    #expect(member.username == "ada")
    #expect(member.isGlobalAdmin)
    #expect(PasswordHash.matches("long enough", hash: member.passwordHash ?? ""))
    #expect(app.name == "Shop")
    #expect(app.timezone == "Europe/Berlin")
    #expect(app.country == "DE")
  }

  @Test("A username that exists is refused and nothing is made")
  func repeated() throws {
    let folder = try TemporaryFolder()
    let store = try Store.open(directory: folder.path)
    _ = try setup().perform(on: store)
    let again = try setup(password: "another one", app: "Other")
    let error = #expect(throws: CommandError.self) { try again.perform(on: store) }
    #expect(
      error
        == CommandError(
          .exists, "the username \"ada\" exists already and nothing was changed; choose another"))
    #expect(try store.apps().map(\.name) == ["Shop"])
    #expect(try store.members().count == 1)
  }

  @Test("Through the socket it is the same request, without the password")
  func control() throws {
    let request = try setup()
    let sent = request.controlRequest
    #expect(!sent.arguments.values.contains { $0.contains("long enough") })
    let received = try Setup(sent)
    #expect(received.username == request.username)
    #expect(received.passwordHash == request.passwordHash)
    #expect(received.app == request.app)
    #expect(received.timezone == request.timezone)
    #expect(received.country == request.country)
  }

  @Test("The socket refuses what the command would refuse")
  func controlChecks() throws {
    var arguments = try setup().controlRequest.arguments
    for (name, value) in [
      ("timezone", "Mars/Base"), ("app", ""), ("password_hash", "secret"), ("country", "de"),
      ("country", "DEU"),
    ] {
      let good = arguments[name]
      arguments[name] = value
      let request = ControlRequest(command: Setup.command, arguments: arguments)
      #expect(throws: CommandError.self, "\(name)") { try Setup(request) }
      arguments[name] = good
    }
  }

  @Test("Arguments that cannot be meant are refused with their flag")
  func refusals() {
    let username = #expect(throws: CommandError.self) { try setup(username: " ada") }
    #expect(username?.description.hasPrefix("--username must have") == true)
    let app = #expect(throws: CommandError.self) { try setup(app: "a\nb") }
    #expect(app?.description.hasPrefix("--app must have") == true)
    let password = #expect(throws: CommandError.self) { try setup(password: "short") }
    #expect(password?.description.hasPrefix("the password must have 8 characters") == true)
    let zone = #expect(throws: CommandError.self) { try setup(timezone: "Berlin") }
    #expect(
      zone?.description
        == "--timezone \"Berlin\" is unknown; write a name such as Europe/Berlin or Etc/UTC")
  }

  @Test(
    "Zones are names of places or UTC",
    arguments: ["Europe/Istanbul", "UTC", "Etc/UTC", "Asia/Kathmandu"])
  func zones(name: String) throws {
    #expect(try setup(timezone: name).timezone == name)
  }

  @Test("The first run makes app and owner once")
  func firstRun() throws {
    let folder = try TemporaryFolder()
    let store = try Store.open(directory: folder.path)
    let host = HostSettings(cores: 1)
    let run = try #require(try FirstRun.make(in: store, host: host, nowMs: 7))
    let app = try #require(try store.apps().first)
    let owner = try #require(try store.members().first)
    #expect(run.appKey == app.key)
    #expect(run.appID == app.hex)
    #expect(run.apiKey == owner.apiKey)
    #expect(owner.passwordHash == nil)
    #expect(owner.isGlobalAdmin)
    #expect(try FirstRun.make(in: store, host: host, nowMs: 8) == nil)
    #expect(try store.apps().count == 1)
  }
}
