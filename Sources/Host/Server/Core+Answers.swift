extension Core {
  /// Who asks, and may they.
  var access: Access { Access(members: members, tokens: tokens, security: security) }

  /// What the host itself answers, by path.
  var ownRoutes: [String: OwnRoute] {
    [people, tokenRoutes, auditRoutes].reduce(numbers) { routes, more in
      routes.merging(more) { _, _ in preconditionFailure("a path is answered once") }
    }
  }

  private var numbers: [String: OwnRoute] {
    [
      "/o/ledger": OwnRoute(need: .readCore) { [ledger, registry] visit in
        let report = try ledger.report(appIDs: registry.snapshot.hexIDs)
        return try .json(visit.app.map { report.only($0.hexID) } ?? report)
      },
      "/o/live": OwnRoute(need: .readCore) { [live, pipeline, journal] visit in
        guard let app = visit.app else { throw QueryError(code: .missingAppID) }
        pipeline.gate.wait(for: journal.durablePosition)
        return QueryReply(status: 200, body: live.message(app).json)
      },
      "/o/raw": OwnRoute(need: .readCore) { [raw, pipeline, journal] visit in
        guard let app = visit.app else { throw QueryError(code: .missingAppID) }
        pipeline.gate.wait(for: journal.durablePosition)
        return try raw.answer(visit.request, app, nowMs: Clock.system.nowMs)
      },
      "/o?method=get_period_obj": OwnRoute(need: .readCore, isAboutApp: true) {
        try PeriodReport.answer($0, nowMs: Clock.system.nowMs)
      },
      "/o?method=all_apps": OwnRoute(
        need: .globalAdmin, answer: AppOverview(core: self).answer),
    ]
  }

  private var tokenRoutes: [String: OwnRoute] {
    let desk = TokenDesk(keeper: tokens, members: members)
    return [
      "/i/token/create": OwnRoute(need: .member, answer: desk.create),
      "/i/token/delete": OwnRoute(need: .member, answer: desk.delete),
      "/o/token/list": OwnRoute(need: .member, answer: desk.list),
      "/o/token/check": OwnRoute(need: .member, answer: desk.check),
    ]
  }

  private var auditRoutes: [String: OwnRoute] {
    let logs = SystemLogs(core: self)
    return [
      "/o?method=systemlogs": OwnRoute(need: .globalAdmin, answer: logs.list),
      "/o?method=systemlogs_meta": OwnRoute(need: .globalAdmin, answer: logs.meta),
      "/i/systemlogs": OwnRoute(need: .member, answer: logs.add),
    ]
  }

  /// Apps and members.
  private var people: [String: OwnRoute] {
    let (apps, desk) = (AppDesk(core: self), MemberDesk(core: self))
    let listing = MemberListing(core: self)
    let appListing = AppListing(core: self)
    return [
      AppDesk.path: OwnRoute(need: .appAdmin, answer: apps.answer),
      "/o/apps/all": OwnRoute(need: .globalAdmin, answer: appListing.all),
      "/o/apps/mine": OwnRoute(need: .member, answer: appListing.mine),
      "/o/apps/details": OwnRoute(need: .appAdmin, answer: appListing.details),
      "/i/users/create": OwnRoute(need: .globalAdmin, answer: desk.create),
      "/i/users/update": OwnRoute(need: .globalAdmin, answer: desk.update),
      "/i/users/delete": OwnRoute(need: .globalAdmin, answer: desk.delete),
      "/i/users/deleteOwnAccount": OwnRoute(need: .globalAdmin, answer: desk.deleteOwn),
      "/o/users/all": OwnRoute(need: .globalAdmin, answer: listing.all),
      "/o/users/me": OwnRoute(need: .member, answer: listing.own),
      "/o/users/id": OwnRoute(need: .globalAdmin, answer: listing.one),
      "/o/users/permissions": OwnRoute(need: .readCore, answer: listing.features),
    ]
  }
}
