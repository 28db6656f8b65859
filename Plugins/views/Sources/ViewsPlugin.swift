import PluginKit

private let entry = PluginEntry(ViewsPlugin.self) { ViewsPlugin.create($0, $1, $2) }

/// The one function the library exports, named after the plugin.
@c(tally_plugin_views)
public func tallyPluginViews() -> PluginTable { entry.table }

/// Counts the pages and screens of an app: visits, users, seconds, where sessions start and end.
struct ViewsPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "views", version: "1.0.0", summary: "Counts views, their users and where sessions end.",
    settings: [
      .int(
        "views_max", default: 50_000, in: 1...1_000_000, help: "Distinct views an app may have."),
      .int(
        "view_name_bytes_max", default: 128, in: 16...512, help: "Longer names of views are cut."),
    ])

  private let counters: ViewCounters
  private let answers: ViewAnswers
  private let reader: ViewReader
  private let sessions: Key

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    counters = try ViewCounters(registrar, limit: try host.int("views_max"))
    answers = ViewAnswers(counters: counters)
    reader = try ViewReader(host, nameBytesMax: try host.int("view_name_bytes_max"))
    sessions = try host.intern("sessions")
    try registrar.hook(after: ["sessions"])
    for method in ViewAnswers.methods {
      try registrar.read(method: method, parameters: ViewAnswers.parameters)
    }
  }

  /// Sessions close before or after the events of an item, so that is the order here, too.
  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) {
    for item in batch {
      let session = facts.session(item, from: sessions)
      guard session.map(VisitCell.isTouched) == true || reader.mayHaveViews(item) else { continue }
      let stored = effects.cell(item)
      var (cell, seen) = (VisitCell(stored), SessionViews(stored))
      let before = (cell, seen)
      if let session { counters.opening(session, &cell, item, effects) }
      for event in item.events where event.isInternal {
        if let view = reader.read(event) {
          counters.count(view, session, &cell, &seen, item, effects)
        } else if let scroll = reader.readScroll(event) {
          counters.count(scroll, cell, seen, item, effects)
        }
      }
      if let session { counters.closing(session, &cell, item, effects) }
      if (cell, seen) != before { seen.write(behind: cell) { effects.putCell(item, $0) } }
    }
  }

  /// Keeps the name and the address under which a view was seen last.
  func reduce(_ collection: Collection, _ fold: borrowing Fold) {
    guard fold.count > 0 else { return fold.put(fold.document) }
    var newest = fold.count - 1
    while newest > 0, ViewDocument(fold[newest])?.url.isEmpty != false { newest -= 1 }
    let hasAddress = ViewDocument(fold[newest])?.url.isEmpty == false
    let isKnown = ViewDocument(fold.document) != nil
    fold.put(hasAddress || !isKnown ? fold[newest] : fold.document)
  }

  func merge(_ merge: borrowing Merge) {
    let (from, into) = (VisitCell(merge.from), VisitCell(merge.into))
    let both = into.merged(with: from)
    SessionViews(merge.into).merged(with: SessionViews(merge.from), open: both.session)
      .write(behind: both) { merge.put($0) }
  }

  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    try answers.answer(request, reply)
  }
}
