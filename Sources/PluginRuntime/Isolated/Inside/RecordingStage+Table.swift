import PluginABI
import Store

/// The functions a hook calls in a runner. They check nothing but what they must not trip over: the
/// host refuses, in the same words as for a plugin in its own process.
extension RecordingStage {
  /// A table whose functions lead to this stage, which must outlive it.
  func makeTable() -> tally_effects {
    var table = tally_effects()
    table.struct_size = UInt32(MemoryLayout<tally_effects>.size)
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.count = { ctx, item, series, hour, add, n in
      RecordingStage.with(ctx) { $0.count(item, series, hour, add, n) }
    }
    table.unique = { ctx, item, series, hour, firstTime in
      RecordingStage.with(ctx) { $0.unique(item, series, hour, firstTime) }
    }
    table.cell = { ctx, item in RecordingStage.with(ctx) { $0.cell(item) } }
    table.cell_put = { ctx, item, value in
      RecordingStage.with(ctx) { $0.putCell(item, value.bytes) }
    }
    table.fact = { ctx, item, value in
      RecordingStage.with(ctx) { $0.put(.fact, item, value.bytes) }
    }
    table.row = { ctx, item, table, key, payload in
      RecordingStage.with(ctx) { $0.put(.row, item, table, key.bytes, payload.bytes) }
    }
    table.emit = { ctx, item, collection, key, payload in
      RecordingStage.with(ctx) { $0.put(.emit, item, collection, key.bytes, payload.bytes) }
    }
    table.find_by = { ctx, item, properties, n in
      RecordingStage.with(ctx) { $0.findBy(item, properties, n) }
    }
    return table
  }

  @inline(__always)
  private static func with<T>(
    _ ctx: UnsafeMutableRawPointer?, _ body: (RecordingStage) -> T
  ) -> T {
    guard let ctx else { preconditionFailure("tally_effects.ctx was not handed back") }
    return Unmanaged<RecordingStage>.fromOpaque(ctx)._withUnsafeGuaranteedRef(body)
  }

  // MARK: Counters

  private func count(
    _ item: UInt32, _ series: UnsafePointer<tally_series>?, _ hour: Int32,
    _ add: UnsafePointer<Int64>?, _ n: UInt32
  ) {
    let sent = add == nil ? 0 : min(Int(n), MetricDefinition.measuresMax)
    let series = usable(series)
    guard reserve(room(series) + 24 + sent * 8) else { return }
    put(.count, item, series)
    exchange.writer.put(UInt32(bitPattern: hour), n)
    exchange.writer.put(UInt64(sent))
    for place in 0..<sent { exchange.writer.put(UInt64(bitPattern: add?[place] ?? 0)) }
  }

  private func unique(
    _ index: UInt32, _ pointer: UnsafePointer<tally_series>?, _ hour: Int32, _ firstTime: UInt32
  ) -> UInt32 {
    let series = usable(pointer)
    guard reserve(room(series) + 24) else { return 0 }
    put(.unique, index, series)
    exchange.writer.put(UInt32(bitPattern: hour), firstTime)
    let told = exchange.writer.used
    exchange.writer.put(Wire.none)
    guard let item = item(index), let series, series.metric >= 1, Int(series.metric) <= metrics
    else { return 0 }
    let user = Int(item.pointee.user_index)
    mirror.name(
      app: item.pointee.app, year: buckets.buckets(ofHour: hour).year, series)
    if let id = mirror.find(), loadSeen(user) {
      let grains = change(user) { $0.seen?.insert(series: id, hour: hour) } ?? 0
      exchange.writer.patch(UInt64(grains), at: told)
      return grains
    }
    return askUnique(user, hour)
  }

  /// The host performs everything up to here and says what this entry came to.
  private func askUnique(_ user: Int, _ hour: Int32) -> UInt32 {
    want(.seen)
    var given = flush()
    guard (try? given.word()) == 1, let grains = try? given.word(), let id = try? given.word()
    else { return 0 }
    mirror.insert(Int64(bitPattern: id))
    if loadSeen(user) {
      _ = change(user) { $0.seen?.insert(series: Int64(bitPattern: id), hour: hour) }
    }
    return UInt32(truncatingIfNeeded: grains)
  }

  /// nil for what the host refuses.
  private func usable(_ series: UnsafePointer<tally_series>?) -> tally_series? {
    guard let series,
      series.pointee.struct_size >= UInt32(MemoryLayout<tally_series>.size)
    else { return nil }
    return series.pointee
  }

  private func room(_ series: tally_series?) -> Int {
    guard let series else { return 16 }
    return 16 + WireWriter.room(series.subject.bytes.count)
      + WireWriter.room(series.dimension.bytes.count) + WireWriter.room(series.value.bytes.count)
  }

  private func put(_ kind: Wire.Entry, _ item: UInt32, _ series: tally_series?) {
    exchange.writer.put(kind.rawValue, item)
    guard let series else { return exchange.writer.put(Wire.none) }
    exchange.writer.put(UInt64(series.metric))
    exchange.writer.put(series.subject)
    exchange.writer.put(series.dimension)
    exchange.writer.put(series.value)
  }

  // MARK: Cells

  private func cell(_ index: UInt32) -> tally_bytes {
    if let user = (item(index)?.pointee.user_index).map(Int.init) {
      if let known = working[user].cell ?? sentCell(user) { return tally_bytes(known) }
    }
    want(.cells)
    guard reserve(8) else { return tally_bytes() }
    exchange.writer.put(Wire.Entry.cell.rawValue, index)
    var given = flush()
    guard (try? given.word()) == 1, let bytes = try? given.data(), let item = item(index) else {
      return tally_bytes()
    }
    let kept = arena.copy(bytes)
    change(Int(item.pointee.user_index)) { $0.cell = kept }
    return tally_bytes(kept)
  }

  private func putCell(_ index: UInt32, _ value: UnsafeRawBufferPointer) {
    put(.cellPut, index, value)
    guard let item = item(index), value.count <= EffectStage.cellBytesMax else { return }
    change(Int(item.pointee.user_index)) { $0.cell = arena.copy(value) }
  }

  // MARK: The rest

  private func put(_ kind: Wire.Entry, _ item: UInt32, _ value: UnsafeRawBufferPointer) {
    guard reserve(8 + WireWriter.room(value.count)) else { return }
    exchange.writer.put(kind.rawValue, item)
    exchange.writer.put(value)
  }

  private func put(
    _ kind: Wire.Entry, _ item: UInt32, _ number: UInt32, _ key: UnsafeRawBufferPointer,
    _ payload: UnsafeRawBufferPointer
  ) {
    guard reserve(16 + WireWriter.room(key.count) + WireWriter.room(payload.count)) else { return }
    exchange.writer.put(kind.rawValue, item)
    exchange.writer.put(UInt64(number))
    exchange.writer.put(key)
    exchange.writer.put(payload)
  }

  /// More properties than are allowed are told by their number alone.
  func findBy(
    _ item: UInt32, _ properties: UnsafePointer<tally_property>?, _ n: UInt32
  ) {
    let sent = properties == nil || n > UserProperty.countMax ? 0 : Int(n)
    let given = UnsafeBufferPointer(start: properties, count: sent)
    let room = given.reduce(24) {
      $0 + WireWriter.room($1.name.bytes.count) + WireWriter.room($1.value.bytes.count)
    }
    guard reserve(room) else { return }
    exchange.writer.put(Wire.Entry.findBy.rawValue, item)
    exchange.writer.put(n, UInt32(sent))
    for property in given {
      exchange.writer.put(property.name)
      exchange.writer.put(property.value)
    }
  }
}
