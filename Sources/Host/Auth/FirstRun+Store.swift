import Store

extension FirstRun {
  /// Makes one app and an owner without a password in a store that has neither; nil in every other.
  static func make(
    in store: Store, host: HostSettings, nowMs: Int64 = Clock.system.nowMs
  ) throws(StoreError) -> FirstRun? {
    guard try store.apps().isEmpty, try store.members().isEmpty else { return nil }
    let (member, app) = try store.createMember(
      NewMember(username: ownerName, isGlobalAdmin: true),
      withApp: NewApp(name: appName, timezone: timezone), nowMs: nowMs)
    let link = try store.createToken(
      PasswordLinks.new(.setup, for: member), nowS: nowMs / 1_000)
    return FirstRun(
      appKey: app.key, appID: app.hex, apiKey: member.apiKey,
      setup: link.map { PasswordLinks.address($0.made, at: host.publicAddress) } ?? "",
      url: host.publicAddress)
  }
}
