import Store

extension Setup {
  /// Makes member and app, both or neither.
  func perform(
    on store: Store, nowMs: Int64 = Clock.system.nowMs
  ) throws(CommandError) -> Result {
    let values = try make(in: store, nowMs: nowMs)
    return try Result(values: values)
  }

  private func make(in store: Store, nowMs: Int64) throws(CommandError) -> [String: String] {
    do throws(StoreError) {
      let (member, app) = try store.createMember(
        NewMember(username: username, passwordHash: passwordHash, isGlobalAdmin: true),
        withApp: NewApp(name: self.app, timezone: timezone, country: country), nowMs: nowMs)
      return [
        "member_id": member.id, "api_key": member.apiKey, "app_id": app.hex, "app_key": app.key,
      ]
    } catch {
      throw error.code == .taken
        ? CommandError(
          .exists,
          "the username \"\(username)\" exists already and nothing was changed; choose another")
        : CommandError(.store, error.description)
    }
  }
}
