import ArgumentParser
import Store

/// `tally member`
struct MemberCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "member", abstract: "Help people with their accounts.",
    subcommands: [MemberResetCommand.self])
}

/// `tally member reset`
struct MemberResetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset",
    abstract: "Print a link at which a member chooses a new password, once and within a day.",
    discussion: """
      Works whether or not a server runs on the data folder. The old password stays until then. \
      The link begins with host.public_url.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Argument(help: "The member's username.")
  var name: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let configuration = try options.load()
    let values = try perform(MemberReset(username: name), configuration).get()
    if json {
      try Console.write(json: values)
    } else {
      Console.write(values[MemberReset.linkKey] ?? "")
    }
  }

  /// Through the server that runs there, else on the opened store.
  private func perform(
    _ reset: MemberReset, _ configuration: Configuration
  ) throws -> ControlReply {
    let host = configuration.host
    if let reply = try ControlClient.ask(reset.controlRequest, folder: host.data) { return reply }
    let lock = try DataFolder(existing: host.data)
    return try withExtendedLifetime(lock) {
      let store = try Store.open(directory: host.data, tuning: StoreTuning(host))
      defer { try? store.close() }
      let values = ConfigurationValues(configuration, kept: try store.configuration())
      let address = host.publicAddress(domain: values[.domain].text ?? "")
      return try reset.perform(on: store, at: address) { try store.createToken($0, nowS: $1)?.made }
    }
  }
}

/// Makes a link for a member who cannot log in.
struct MemberReset {
  static let command = "member-reset"
  static let linkKey = "link"

  let username: String

  init(username: String) { self.username = username }

  init(_ request: ControlRequest) throws(CommandError) {
    guard let username = request.arguments["username"] else {
      throw CommandError(.control, "member reset needs a username; update both programs")
    }
    self.username = username
  }

  var controlRequest: ControlRequest {
    ControlRequest(command: Self.command, arguments: ["username": username])
  }

  func perform(
    on store: Store, at publicAddress: String, make: (NewToken, Int64) throws -> AccessToken?
  ) throws -> ControlReply {
    let nowMs = Clock.system.nowMs
    guard let member = try store.member(username: username),
      let link = try make(PasswordLinks.new(.reset, for: member), nowMs / 1_000)
    else {
      throw CommandError(.invalidArgument, "there is no member \"\(LogText.safe(username))\"")
    }
    try store.audit(
      AuditLine(
        atMs: nowMs, plugin: "", member: "", app: 0, action: "member.reset.asked",
        detail: "\(member.id) \(member.username)"))
    return .success([Self.linkKey: PasswordLinks.address(link, at: publicAddress)])
  }
}
