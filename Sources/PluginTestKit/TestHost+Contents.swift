import Store

extension TestHost {
  /// Everything that was counted, as sorted lines of text (`Snapshot.contents`): the same for the
  /// same items, however the batches were cut.
  package func contents() throws -> [String] {
    try commit()
    return try store.read { try $0.contents() }
  }

  /// The numbers of a series by name of the measure, added up over all buckets of a grain; zeros
  /// are left out.
  package func total(
    _ plugin: String, _ metric: String, subject: String = "", dimension: String = "",
    value: String = "", grain: Grain = .day
  ) throws -> [String: Int64] {
    try commit()
    guard let definition = runtime.metric(plugin: plugin, named: metric) else { return [:] }
    var sums = [Int64](repeating: 0, count: definition.measures.count)
    for line in try store.read({ try $0.counters() })
    where line.metric == definition.storedName && line.subject == subject
      && line.dimension == dimension && line.value == value && line.grain == grain.rawValue
    {
      for place in sums.indices { sums[place] += line.measures[place] }
    }
    return Dictionary(
      zip(definition.measures.map(\.name), sums).filter { $0.1 != 0 }, uniquingKeysWith: +)
  }

  /// A plugin's cell of a user; nil when there is none.
  package func cell(_ plugin: String, user device: String) throws -> [UInt8]? {
    try commit()
    let uid = try find(device, nowMs: nowMs).uid
    let number = try workingSet.plugin(plugin)
    return try store.read { try $0.cell(plugin: number, app: app.number, user: uid) }
  }
}
