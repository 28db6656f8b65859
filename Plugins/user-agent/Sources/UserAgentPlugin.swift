import PluginKit

private let entry = PluginEntry(UserAgentPlugin.self) { UserAgentPlugin.create($0, $1, $2) }

/// The one function the library exports, named after the plugin.
@c(tally_plugin_user_agent)
public func tallyPluginUserAgent() -> PluginTable { entry.table }

/// Says what the user agent of a web request means, before anybody counts: browser, operating
/// system and device where the SDK does not say them itself. Tells bots from people.
struct UserAgentPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "user-agent", version: "1.0.0",
    summary: "Tells browser, system and device of web requests, and bots from people.",
    settings: [
      .string(
        "patterns", default: "/usr/share/uap-core/regexes.yaml",
        help: "The file of patterns, as the package uap-core brings it."
      ).restart(),
      .choice(
        "bots", default: BotRule.apart.rawValue, among: BotRule.allCases.map(\.rawValue),
        help: "What becomes of a bot's request: counted apart, dropped, or counted as a person's."
      ).perApp(),
      .int(
        "agents_max", default: 4_096, in: 16...1_000_000,
        help: "User agents whose meaning is remembered."),
      .int(
        "agent_bytes_max", default: 512, in: 64...4_096,
        help: "What is looked at of a longer user agent."
      ).unit("bytes"),
    ])

  private let host: Host
  private let keys: RequestKeys
  private let memory: AgentMemory
  private let bots: Metric

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    self.host = host
    keys = try RequestKeys(host)
    memory = try AgentMemory(host)
    bots = try registrar.metric(
      "bots", measures: [.sum("t")], dimensions: [.inline("name", meta: "bots", valueLimit: 500)])
    try registrar.transform(phase: .early, keys: [keys.agent, keys.bot])
    try registrar.hook(keys: [keys.bot])
    try registrar.read(method: "bots", parameters: ["period": "30days, 7days, hour, …"])
  }

  func transform(_ batch: Batch, _ verdicts: borrowing Verdicts) {
    for item in batch {
      guard let metrics = item.root[keys.metrics] else { continue }
      // Who is a bot is said here and by nobody else.
      if metrics[keys.bot] != nil { verdicts.remove(item, metrics, "_bot") }
      guard let text = metrics[keys.agent]?.text, !text.isEmpty else { continue }
      let agent = memory.agent(text)
      let rule = agent.isBot ? rule(of: item.app) : .count
      let request = WebRequest(item: item, metrics: metrics, agent: agent, keys: keys)
      switch rule {
      case .count: request.complete(verdicts)
      case .apart: request.setApart(verdicts)
      case .drop: verdicts.drop(item)
      }
      if agent.isBot { memory.countBot() }
    }
    memory.publish()
  }

  /// Counts bots, each by its name.
  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) {
    for item in batch {
      guard let name = item.root[keys.metrics]?[keys.bot]?.text, !name.isEmpty else { continue }
      effects.count(item, bots.series(), 1)
      effects.count(item, bots.series(dimension: "name", value: name), 1)
    }
  }

  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    try request.document(Question(bots))
  }

  private func rule(of app: UInt32) -> BotRule {
    (try? host.string("bots", app: app)).flatMap(BotRule.init) ?? .apart
  }
}

/// What becomes of the request of a bot.
enum BotRule: String, CaseIterable {
  /// Nothing is left of it but its time and the bot's name: nobody counts it but this plugin, and
  /// it makes no user.
  case apart
  /// It is left out as if it had not come.
  case drop
  /// It counts as everybody's, and is marked.
  case count
}
