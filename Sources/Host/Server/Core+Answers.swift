extension Core {
  /// What the host itself answers, by path.
  var ownAnswers: [String: OwnRoutes.Answer] {
    [
      "/o/ledger": { [ledger, registry] _, app in
        let report = try ledger.report(appIDs: registry.snapshot.hexIDs)
        return try .json(app.map { report.only($0.hexID) } ?? report)
      }
    ]
  }
}
