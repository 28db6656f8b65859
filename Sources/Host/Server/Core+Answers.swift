extension Core {
  /// Who asks, and may they.
  var access: Access { Access(members: members, tokens: tokens, security: security) }

  /// What the host itself answers, by path.
  var ownRoutes: [String: OwnRoute] {
    [
      appRoutes, people, tokenRoutes, auditRoutes, ProductAnswers(core: self).routes,
      TaskAnswers().routes,
    ].reduce(numbers) { routes, more in
      routes.merging(more) { _, _ in preconditionFailure("a path is answered once") }
    }
  }

  private var numbers: [String: OwnRoute] {
    [
      "/o/ledger": OwnRoute(
        need: .readCore, about: .reading("What became of everything accepted, by app.")
      ) { [ledger, registry] visit in
        let report = try ledger.report(appIDs: registry.snapshot.hexIDs)
        return try .json(visit.app.map { report.only($0.hexID) } ?? report)
      },
      "/o/live": OwnRoute(
        need: .readCore, isFresh: true, about: .reading("What happens now.")
      ) { [live] visit in
        guard let app = visit.app else { throw QueryError(code: .missingAppID) }
        return QueryReply(status: 200, body: live.message(app).json)
      },
      "/o/raw": OwnRoute(
        need: .readCore, isFresh: true,
        about: .init("Queries over raw items.", RouteAbout.period)
      ) { [raw] visit in
        guard let app = visit.app else { throw QueryError(code: .missingAppID) }
        return try raw.answer(visit.request, app, nowMs: Clock.system.nowMs)
      },
      "/o?method=get_period_obj": OwnRoute(
        need: .readCore, isAboutApp: true,
        about: .reading("What the server takes a period for.", RouteAbout.period)
      ) {
        try PeriodReport.answer($0, nowMs: Clock.system.nowMs)
      },
      "/o?method=all_apps": OwnRoute(
        need: .globalAdmin, isFresh: true,
        about: .reading("All apps at a glance.", RouteAbout.period),
        answer: AppOverview(core: self).answer),
    ]
  }

  private var tokenRoutes: [String: OwnRoute] {
    let desk = TokenDesk(keeper: tokens, members: members)
    return [
      "/i/token/create": OwnRoute(
        need: .member,
        about: .init(
          "Makes a token.",
          [
            "ttl": "Seconds.", "multi": "false: for one use.", "apps": "Ids, by commas.",
            "endpoint": "Patterns of paths, by commas.", "purpose": "Any text.",
            "can_login": "true: a browser may be logged in with it.",
          ]), answer: desk.create),
      "/i/token/delete": OwnRoute(
        need: .member, about: .init("Deletes a token.", ["tokenid": "The token."]),
        answer: desk.delete),
      "/i/token/jwt": OwnRoute(
        need: .member, about: "Makes a signed token, for `Authorization: Bearer`.",
        answer: desk.sign),
      "/o/token/list": OwnRoute(
        need: .member, about: .reading("The tokens of the caller."), answer: desk.list),
      "/o/token/check": OwnRoute(
        need: .member,
        about: .init("Whether a token is valid, and for how long.", ["token": "The token."]),
        answer: desk.check),
    ]
  }

  private var auditRoutes: [String: OwnRoute] {
    let logs = SystemLogs(core: self)
    return [
      "/o?method=jobs": OwnRoute(
        need: .globalAdmin,
        about: .reading("Jobs of plugins and of the host.", JobListing.parameters),
        answer: JobListing(core: self).answer),
      "/o?method=systemlogs": OwnRoute(
        need: .globalAdmin, about: .reading("The audit as a table.", SystemLogs.parameters),
        answer: logs.list),
      "/o?method=systemlogs_meta": OwnRoute(
        need: .globalAdmin, about: .reading("Actions and members that the audit names."),
        answer: logs.meta),
      "/i/systemlogs": OwnRoute(
        need: .member,
        about: .init(
          "Adds a line to the audit.",
          ["action": "What was done.", "data": "What else is to be said."]), answer: logs.add),
    ]
  }

  private var people: [String: OwnRoute] {
    let (desk, listing) = (MemberDesk(core: self), MemberListing(core: self))
    let args = ["args": "A JSON object."]
    return [
      "/i/users/create": OwnRoute(
        need: .globalAdmin, about: .init("Makes a member.", args), answer: desk.create),
      "/i/users/update": OwnRoute(
        need: .globalAdmin, about: .init("Changes a member.", args), answer: desk.update),
      "/i/users/delete": OwnRoute(
        need: .globalAdmin, about: .init("Deletes members.", args), answer: desk.delete),
      KeyDesk.path: OwnRoute(
        need: .member,
        about: .init("Gives a member a new api key.", ["user_id": "Theirs."]),
        answer: KeyDesk(core: self).renew),
      "/i/users/deleteOwnAccount": OwnRoute(
        need: .globalAdmin, about: .init("Deletes the caller.", ["password": "Their own."]),
        answer: desk.deleteOwn),
      "/o/users/all": OwnRoute(
        need: .globalAdmin, about: .reading("All members."), answer: listing.all),
      "/o/users/me": OwnRoute(need: .member, about: .reading("The caller."), answer: listing.own),
      "/o/users/id": OwnRoute(
        need: .globalAdmin, about: .init("One member.", ["id": "Theirs."]), answer: listing.one),
      "/o/users/reset_timeban": OwnRoute(
        need: .globalAdmin,
        about: .init("Lets somebody log in at once.", ["username": "Theirs."])
      ) { [self] visit in
        try LoginDesk(core: self).forget(name: visit.request.parameters["username"] ?? "")
        return QueryReply(.bool(true))
      },
      "/o/users/permissions": OwnRoute(
        need: .readCore, about: .reading("All features that rights are about."),
        answer: listing.features),
    ]
  }
}
