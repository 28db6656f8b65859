import PluginKit

private let entry = PluginEntry(AppRevenuePlugin.self) { AppRevenuePlugin.create($0, $1, $2) }

/// The one function the library exports, named after the plugin.
@c(tally_plugin_app_revenue)
public func tallyPluginAppRevenue() -> PluginTable { entry.table }

/// Counts what users spend: purchases, amounts, buyers and first-time buyers, also by currency.
struct AppRevenuePlugin: Plugin {
  static let descriptor = Descriptor(
    name: "app-revenue", version: "1.0.0", summary: "Counts what users spend.",
    settings: [
      .string("event", default: "purchase", help: "The key of the events that are purchases."),
      .int("latest_max", default: 20, in: 1...500, help: "How many of the newest are listed."),
    ])

  private let event: String
  private let latestMax: Int
  private let currency: Key
  private let revenue: Metric
  private let latest: Table

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    event = try host.string("event")
    latestMax = try host.int("latest_max")
    currency = try host.intern("currency")
    revenue = try registrar.metric(
      "revenue",
      measures: [.sum("t"), .sum("s", decimals: 5), .unique("u"), .new("n")],
      dimensions: [.inline("currency", meta: "currencies", valueLimit: 200)])
    latest = try registrar.table("latest", rowsPerKey: latestMax)
    try registrar.hook(keys: [try host.intern("events")])
    try registrar.read(method: "app-revenue")
  }

  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) {
    Text.with(event) { wanted in
      for item in batch {
        for event in item.events where event.key == wanted { count(event, of: item, effects) }
      }
    }
  }

  private func count(_ event: Event, of item: Item, _ effects: borrowing Effects) {
    let segment = event.segmentation[currency]?.text ?? ""
    let name = segment.isEmpty ? "unknown" : segment.prefix(8)
    // The cell says whether the user bought before: batches may come one item at a time.
    let before = effects.cell(item, as: Buyer.self)
    let isFirst = before == nil
    for series in [revenue.series(), revenue.series(dimension: "currency", value: name)] {
      effects.count(item, series, hour: event.hour, event.count, event.sum)
      effects.unique(item, series, hour: event.hour, firstTime: isFirst)
    }
    effects.putCell(item, Buyer(purchases: (before?.purchases ?? 0) &+ event.count))
    withUnsafeBytes(of: event.sum) { effects.row(item, latest, key: name, $0) }
  }

  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    guard request["action"] == "latest" else { return try request.document(Question(revenue)) }
    reply.write("[")
    var isFirst = true
    try request.rows(latest, limit: latestMax) { row in
      reply.write(isFirst ? #"{"currency":"# : #",{"currency":"#)
      isFirst = false
      reply.string(row.key)
      reply.write(#","at":"#)
      reply.number(row.receivedMs)
      reply.write(#","amount":"#)
      reply.number(Double(row.payload.loadUnaligned(as: Int64.self)) / 100_000)
      reply.write("}")
      return true
    }
    reply.write("]")
  }
}

/// What is known of one user: the plugin's cell.
struct Buyer: BitwiseCopyable {
  var purchases: Int64
}
