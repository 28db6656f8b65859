extension Core {
  /// What the host itself answers, by path.
  var ownAnswers: [String: OwnRoutes.Answer] {
    let desk = AppDesk(core: self)
    return [
      AppDesk.path: { request, _ in try desk.answer(request) },
      "/o/ledger": { [ledger, registry] _, app in
        let report = try ledger.report(appIDs: registry.snapshot.hexIDs)
        return try .json(app.map { report.only($0.hexID) } ?? report)
      },
      "/o/live": { [live, pipeline, journal] _, app in
        guard let app else { throw QueryError(code: .missingAppID) }
        pipeline.gate.wait(for: journal.durablePosition)
        return QueryReply(status: 200, body: live.message(app).json)
      },
      "/o/raw": { [raw, pipeline, journal] request, app in
        guard let app else { throw QueryError(code: .missingAppID) }
        pipeline.gate.wait(for: journal.durablePosition)
        return try raw.answer(request, app, nowMs: Clock.system.nowMs)
      },
    ]
  }
}
