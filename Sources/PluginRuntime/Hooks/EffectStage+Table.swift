import PluginABI
import Store

/// The functions a hook calls. Each is one hop from C into the stage; arguments are checked here,
/// where the pointers are.
extension EffectStage {
  /// A table whose functions lead to this stage, which must outlive it.
  func makeTable() -> tally_effects {
    var table = tally_effects()
    table.struct_size = UInt32(MemoryLayout<tally_effects>.size)
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.count = { ctx, item, series, hour, add, n in
      EffectStage.with(ctx) { $0.count(item, series, hour, add, n) }
    }
    table.unique = { ctx, item, series, hour, firstTime in
      EffectStage.with(ctx) { $0.unique(item, series, hour, firstTime != 0) }
    }
    table.cell = { ctx, item in EffectStage.with(ctx) { $0.cell(item) } }
    table.cell_put = { ctx, item, value in EffectStage.with(ctx) { $0.putCell(item, value.bytes) } }
    table.fact = { ctx, item, value in EffectStage.with(ctx) { $0.fact(item, value.bytes) } }
    table.row = { ctx, item, table, key, payload in
      EffectStage.with(ctx) { $0.row(item, table, key.bytes, payload.bytes) }
    }
    table.emit = { ctx, item, collection, key, payload in
      EffectStage.with(ctx) { $0.emit(item, collection, key.bytes, payload.bytes) }
    }
    table.find_by = { ctx, item, properties, n in
      EffectStage.with(ctx) { $0.findBy(item, properties, n) }
    }
    return table
  }

  /// The stage lives as long as the pipeline, so that the hop needs no reference counting.
  @inline(__always)
  private static func with<T>(_ ctx: UnsafeMutableRawPointer?, _ body: (EffectStage) -> T) -> T {
    guard let ctx else { preconditionFailure("tally_effects.ctx was not handed back") }
    return Unmanaged<EffectStage>.fromOpaque(ctx)._withUnsafeGuaranteedRef(body)
  }

  private func count(
    _ index: UInt32, _ series: UnsafePointer<tally_series>?, _ hour: Int32,
    _ add: UnsafePointer<Int64>?, _ n: UInt32
  ) {
    guard let item = item(index), let name = name(series, item) else { return }
    guard let add, n > 0, n <= MetricDefinition.measuresMax else {
      return refuse("count adds \(n) measures, need 1 to \(MetricDefinition.measuresMax)")
    }
    store.collectSeries(name, year: buckets.buckets(ofHour: hour).year)
    counts.append(Count(hour: hour, values: values.count, n: Int(n)))
    values.append(contentsOf: UnsafeBufferPointer(start: add, count: Int(n)))
  }

  private func unique(
    _ index: UInt32, _ series: UnsafePointer<tally_series>?, _ hour: Int32, _ firstTime: Bool
  ) -> UInt32 {
    guard let item = itemOfUser(index), let name = name(series, item), let instance,
      let slot = find(name, hour)
    else { return 0 }
    let place = workingIndex(of: item)
    do {
      var seen =
        try working[place].seen ?? store.seen(user: working[place].user, plugin: instance.number)
      working[place].seen = nil
      lastUniqueSeries = store.seriesID(slot)
      let grains = seen.insert(series: lastUniqueSeries, hour: hour)
      working[place].seen = seen
      guard grains != 0 || firstTime else { return 0 }
      working[place].seenChanged = true
      uniques.append(
        Unique(
          user: item.pointee.user, series: slot, hour: hour, grains: grains, firstTime: firstTime))
      return grains
    } catch {
      storeFailure = error
      return 0
    }
  }

  /// What the series is called; nil when the hook is at fault.
  @inline(__always)
  private func name(
    _ series: UnsafePointer<tally_series>?, _ item: UnsafePointer<tally_item>
  ) -> LineName? {
    guard let series, let instance,
      series.pointee.struct_size >= UInt32(MemoryLayout<tally_series>.size),
      series.pointee.metric >= 1, Int(series.pointee.metric) <= instance.metrics.count
    else {
      refuse("tally_series has a wrong struct_size or a metric that was not registered")
      return nil
    }
    return LineName(
      app: item.pointee.app, metric: instance.metrics[Int(series.pointee.metric) - 1],
      subject: series.pointee.subject.bytes, dimension: series.pointee.dimension.bytes,
      value: series.pointee.value.bytes)
  }

  /// The slot of a series now, made when new, behind those that were counted before it; nil when the
  /// store is at fault.
  private func find(_ name: LineName, _ hour: Int32) -> Int32? {
    let year = buckets.buckets(ofHour: hour).year
    if let slot = store.knownSeries(name, year: year) { return slot }
    settleCounts()
    if storeFailure != nil { return nil }
    do {
      return try store.series(name, year: year)
    } catch {
      storeFailure = error
      return nil
    }
  }

  private func cell(_ index: UInt32) -> tally_bytes {
    guard let item = itemOfUser(index), let instance else { return tally_bytes() }
    let place = workingOfUser[Int(item.pointee.user_index)]
    // The arena aligns, and keeps what it gave out to the end of the call: what the header
    // promises.
    let cell =
      (place >= 0 ? working[Int(place)].cell : nil)
      ?? arena.copy(
        store.borrowedCell(user: users[Int(item.pointee.user_index)], plugin: instance.number))
    return tally_bytes(ptr: cell.isEmpty ? nil : cell.baseAddress, len: UInt64(cell.count))
  }

  private func putCell(_ index: UInt32, _ value: UnsafeRawBufferPointer) {
    guard let item = itemOfUser(index) else { return }
    guard value.count <= Self.cellBytesMax else {
      return refuse("a cell of \(value.count) bytes is over the limit of \(Self.cellBytesMax)")
    }
    let place = workingIndex(of: item)
    working[place].cell = arena.copy(value)
  }

  private func fact(_ index: UInt32, _ value: UnsafeRawBufferPointer) {
    guard item(index) != nil else { return }
    guard value.count <= Self.factBytesMax else {
      return refuse("a fact of \(value.count) bytes is over the limit of \(Self.factBytesMax)")
    }
    facts.append(Fact(item: Int(index), value: arena.copy(value)))
  }

  private func row(
    _ index: UInt32, _ table: UInt32, _ key: UnsafeRawBufferPointer,
    _ payload: UnsafeRawBufferPointer
  ) {
    guard item(index) != nil, let instance else { return }
    guard table >= 1, Int(table) <= instance.enrollment.tables.count else {
      return refuse("row names table \(table), which was not registered")
    }
    rows.append(
      Row(
        item: Int(index), table: Int(table) - 1, key: arena.copy(key), payload: arena.copy(payload))
    )
  }

  private func emit(
    _ index: UInt32, _ collection: UInt32, _ key: UnsafeRawBufferPointer,
    _ payload: UnsafeRawBufferPointer
  ) {
    guard item(index) != nil, let instance else { return }
    guard collection >= 1, Int(collection) <= instance.enrollment.collections.count else {
      return refuse("emit names collection \(collection), which was not registered")
    }
    emits.append(
      Row(
        item: Int(index), table: Int(collection) - 1, key: arena.copy(key),
        payload: arena.copy(payload)))
  }

  private func findBy(
    _ index: UInt32, _ given: UnsafePointer<tally_property>?, _ n: UInt32
  ) {
    guard let item = itemOfUser(index) else { return }
    switch UserProperty.read(given, n) {
    case .success(let named): properties.append((users[Int(item.pointee.user_index)], named))
    case .failure(let refusal): refuse(refusal.reason)
    }
  }
}
