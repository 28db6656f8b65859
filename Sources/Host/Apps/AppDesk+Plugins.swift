import Store

/// What plugins and namespaces are told of one app: `/i/apps/update/plugins`.
extension AppDesk {
  /// A group is given as a whole. Settings of namespaces are what `/i/configs` takes for one app;
  /// everything else is kept for whoever knows it.
  func updatePlugins(_ visit: Visit) throws -> QueryReply {
    guard let app = visit.app else { throw QueryError(code: .missingAppID) }
    guard let given = Arguments(visit.request)?.all, !given.isEmpty else { return Self.nothing }
    let kept = given.filter { !ConfigurationKey.spaces.contains($0.key) }
    guard JSONValue.object(kept).text(escaping: false).utf8.count <= AppArguments.extraBytesMax
    else { return Self.tooLarge }
    do {
      let order = try ConfigurationOrder(settings(of: app.hexID, given), scope: .app)
      try core.change(order, of: app.hexID, by: visit.member)
    } catch let refusal as PluginManager.Refusal {
      return Self.refusal(refusal.message)
    }
    if !kept.isEmpty {
      let reply = try change(app.hexID, by: visit.member, told: ["plugins"]) { app in
        let text = AppSettings(app).replacing(kept).text
        guard text.utf8.count <= AppArguments.extraBytesMax else { return nil }
        var change = AppChange()
        change.plugins = text
        return change
      }
      guard reply.status == 200 else { return reply }
    }
    return QueryReply(.object(["_id": .string(app.hexID), "plugins": .object(given)]))
  }

  /// The settings of the groups that are namespaces; those that a group does not name are taken
  /// back to what all apps have.
  private func settings(
    of appID: String, _ given: [String: JSONValue]
  ) throws -> ConfigurationOrder.Changes {
    let before = try core.store.app(hex: appID).map(core.ownValues) ?? [:]
    var changes: ConfigurationOrder.Changes = [:]
    for space in ConfigurationKey.spaces {
      guard let group = given[space] else { continue }
      guard let members = group.members else {
        throw PluginManager.Refusal(message: "\(space) must be an object of settings")
      }
      changes[space] = (before[space] ?? [:]).mapValues { _ in .null }
      for (name, member) in members {
        guard let value = ReportValue(member) else {
          throw PluginManager.Refusal(message: "\(space).\(name) must be a single value")
        }
        changes[space]?[name] = value
      }
    }
    return changes
  }
}
