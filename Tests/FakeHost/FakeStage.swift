import PluginABI

/// The facts of one batch.
struct FakeCall {
  let items: [FakeItem]
  var facts: [(item: Int, name: UInt32, value: [UInt8])] = []

  /// Lends the facts as the block the contract describes.
  func withFacts<T>(_ body: (UnsafePointer<tally_facts>) -> T) -> T {
    let heads = 16
    var size = (heads + items.count * 4 + 7) & ~7
    let offsets = facts.map { fact -> Int in
      defer { size += 16 + (fact.value.count + 7) & ~7 }
      return size
    }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    memory.storeBytes(
      of: tally_facts(
        struct_size: 16, total_size: UInt32(size), n_items: UInt32(items.count),
        heads_off: UInt32(heads)), as: tally_facts.self)
    for (fact, offset) in zip(facts, offsets) {
      let head = memory + heads + fact.item * 4
      (memory + offset).storeBytes(
        of: tally_fact_entry(
          next_off: head.load(as: UInt32.self), name: fact.name, len: UInt32(fact.value.count),
          reserved0: 0), as: tally_fact_entry.self)
      fact.value.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(start: memory + offset + 16, count: $0.count)
          .copyMemory(from: $0)
      }
      head.storeBytes(of: UInt32(offset), as: UInt32.self)
    }
    return body(UnsafePointer(memory.assumingMemoryBound(to: tally_facts.self)))
  }
}

/// The effects of one call of one hook.
final class FakeStage {
  struct Emitted {
    let app: UInt32
    let collection: Int
    let key: String
    let payload: [UInt8]
  }

  let plugin: FakePlugin
  let items: [FakeItem]
  var facts: [(item: Int, value: [UInt8])] = []
  var emitted: [Emitted] = []
  var violation: String?
  private var lent: [UnsafeMutableRawBufferPointer] = []

  init(_ plugin: FakePlugin, items: [FakeItem]) {
    self.plugin = plugin
    self.items = items
  }

  deinit { lent.forEach { $0.deallocate() } }

  private static func from(_ ctx: UnsafeMutableRawPointer?) -> FakeStage {
    guard let ctx else { preconditionFailure("the plugin did not hand its ctx back") }
    return Unmanaged<FakeStage>.fromOpaque(ctx).takeUnretainedValue()
  }

  func withTable<T>(_ body: (UnsafePointer<tally_effects>) -> T) -> T {
    var table = tally_effects()
    table.struct_size = UInt32(MemoryLayout<tally_effects>.size)
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.count = { ctx, item, series, hour, add, n in
      guard let series, let add else { return }
      FakeStage.from(ctx).count(
        item, series.pointee, hour, Array(UnsafeBufferPointer(start: add, count: Int(n))))
    }
    table.unique = { ctx, item, series, hour, firstTime in
      guard let series else { return 0 }
      return FakeStage.from(ctx).unique(item, series.pointee, hour, firstTime != 0)
    }
    table.cell = { FakeStage.from($0).cell($1) }
    table.cell_put = { ctx, item, value in
      let stage = FakeStage.from(ctx)
      stage.plugin.host.store.cells[stage.cellKey(item)] = value.array
    }
    table.fact = { FakeStage.from($0).facts.append((Int($1), $2.array)) }
    table.row = { ctx, item, table, key, payload in
      let stage = FakeStage.from(ctx)
      stage.plugin.host.store.rows.append(
        (
          stage.plugin.name, stage.items[Int(item)].app, stage.plugin.tables[Int(table) - 1],
          key.string, payload.array
        ))
    }
    table.emit = { ctx, item, collection, key, payload in
      let stage = FakeStage.from(ctx)
      stage.emitted.append(
        Emitted(
          app: stage.items[Int(item)].app, collection: Int(collection) - 1, key: key.string,
          payload: payload.array))
    }
    table.find_by = { ctx, item, properties, n in
      let stage = FakeStage.from(ctx)
      let named = UnsafeBufferPointer(start: properties, count: Int(n))
      stage.plugin.host.store.properties[stage.cellKey(item)] = named.map {
        "\($0.name.string)=\($0.value.string)"
      }
    }
    return withUnsafePointer(to: table, body)
  }

  private func resolve(
    _ item: UInt32, _ series: tally_series
  ) -> (FakeSeries, FakePlugin.Metric)? {
    guard Int(item) < items.count, series.metric >= 1,
      Int(series.metric) <= plugin.metrics.count
    else {
      violation = "an effect names an unknown item or metric"
      return nil
    }
    let metric = plugin.metrics[Int(series.metric) - 1]
    let resolved = FakeSeries(
      app: items[Int(item)].app, metric: metric.name, subject: series.subject.string,
      dimension: series.dimension.string, value: series.value.string)
    guard metric.hasSubjects || resolved.subject.isEmpty,
      resolved.dimension.isEmpty == resolved.value.isEmpty,
      resolved.dimension.isEmpty || metric.hasFurtherDimensions
        || metric.dimensions.contains(where: { $0.name == resolved.dimension })
    else {
      violation = "\(resolved) is not declared"
      return nil
    }
    plugin.host.store.discover(resolved)
    return (resolved, metric)
  }

  private func count(_ item: UInt32, _ series: tally_series, _ hour: Int32, _ add: [Int64]) {
    guard let (series, metric) = resolve(item, series) else { return }
    guard add.count <= metric.measures.count else {
      violation = "\(series.metric) has \(metric.measures.count) measures, count adds \(add.count)"
      return
    }
    for (place, amount) in add.enumerated() where amount != 0 {
      guard metric.measures[place].kind == TALLY_MEASURE_SUM else {
        violation = "count adds to \(metric.measures[place].name)"
        return
      }
      plugin.host.store.add(
        amount, to: metric.measures[place].name, of: series,
        grains: metric.grains(of: place, dimension: series.dimension), hour: hour)
    }
  }

  private func unique(
    _ item: UInt32, _ series: tally_series, _ hour: Int32, _ firstTime: Bool
  ) -> UInt32 {
    guard let (series, metric) = resolve(item, series) else { return 0 }
    let source = items[Int(item)]
    let new = plugin.host.store.visit(
      FakeUser(app: source.app, user: source.user), series, hour: hour)
    for (place, measure) in metric.measures.enumerated() {
      let grains = metric.grains(of: place, dimension: series.dimension)
      if measure.kind == TALLY_MEASURE_UNIQUE {
        plugin.host.store.add(1, to: measure.name, of: series, grains: grains & new, hour: hour)
      } else if measure.kind == TALLY_MEASURE_NEW, firstTime {
        plugin.host.store.add(1, to: measure.name, of: series, grains: grains, hour: hour)
      }
    }
    return new
  }

  private func cellKey(_ item: UInt32) -> FakeStore.CellKey {
    .init(
      user: FakeUser(app: items[Int(item)].app, user: items[Int(item)].user), plugin: plugin.name)
  }

  private func cell(_ item: UInt32) -> tally_bytes {
    guard let bytes = plugin.host.store.cells[cellKey(item)], !bytes.isEmpty else {
      return tally_bytes()
    }
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    copy.copyBytes(from: bytes)
    lent.append(copy)
    return tally_bytes(ptr: copy.baseAddress, len: UInt64(bytes.count))
  }
}

/// One call of a plugin's reduce.
enum FakeReduction {
  private final class Result { var document: [UInt8]? }

  static func run(
    _ plugin: FakePlugin, _ place: Int, _ key: FakeStore.DocumentKey, _ document: [UInt8],
    _ payloads: [[UInt8]]
  ) -> [UInt8]? {
    let result = Result()
    let joined = payloads.flatMap { $0 }
    let status = joined.withUnsafeBytes { bytes in
      var offset = 0
      let views = payloads.map { payload -> tally_bytes in
        defer { offset += payload.count }
        return tally_bytes(
          ptr: bytes.baseAddress.map { $0 + offset }, len: UInt64(payload.count))
      }
      return document.withUnsafeBytes { document in
        var name = key.key
        return name.withUTF8 { name in
          var fold = tally_fold()
          fold.struct_size = UInt32(MemoryLayout<tally_fold>.size)
          fold.collection = UInt32(place + 1)
          fold.app = key.app
          fold.key = tally_str(
            ptr: UnsafeRawPointer(name.baseAddress)?.assumingMemoryBound(to: CChar.self),
            len: UInt64(name.count))
          fold.document = tally_bytes(
            ptr: document.isEmpty ? nil : document.baseAddress, len: UInt64(document.count))
          fold.n_payloads = UInt32(views.count)
          fold.ctx = Unmanaged.passUnretained(result).toOpaque()
          fold.put = { ctx, bytes in
            guard let ctx else { return }
            Unmanaged<Result>.fromOpaque(ctx).takeUnretainedValue().document = bytes.array
          }
          return views.withUnsafeBufferPointer { views in
            fold.payloads = views.baseAddress
            return plugin.host.collect { error in
              withUnsafePointer(to: fold) {
                plugin.collections[place].reduce.reduce(plugin.instance, $0, error)
              }
            }.0
          }
        }
      }
    }
    return withExtendedLifetime(result) { status == TALLY_OK ? result.document : nil }
  }
}
