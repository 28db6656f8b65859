import PluginABI

/// One plugin in the fake host: its table, its instance and what it registered.
final class FakePlugin {
  struct Metric {
    struct Measure {
      let name: String
      let kind: UInt32
      let grains: UInt32
    }

    struct Dimension {
      let name: String
      let measures: UInt32
      let grains: UInt32
    }

    let name: String
    let measures: [Measure]
    let dimensions: [Dimension]
    let hasSubjects: Bool
    let hasFurtherDimensions: Bool
  }

  let table: tally_plugin
  let name: String
  let settings: [String: tally_setting_value]
  unowned let host: FakeHost
  private(set) var hostTable: UnsafeMutablePointer<tally_host>
  var instance: UnsafeMutableRawPointer?
  var metrics: [Metric] = []
  var collections: [(name: String, reduce: tally_collection)] = []
  var tables: [String] = []
  var hooks: [tally_hook] = []
  var hookKeys: [[UInt32]] = []
  var routes: [(method: String, path: String, route: tally_route)] = []
  var describe:
    (
      @convention(c) (
        UnsafeMutableRawPointer?, UnsafePointer<tally_portrait>?, UnsafePointer<tally_error>?
      ) -> tally_status
    )?
  private var texts: [UnsafeMutableRawPointer] = []

  init(_ entry: UnsafePointer<tally_plugin>, host: FakeHost, given: [String: String]) {
    table = entry.pointee
    self.host = host
    name = entry.pointee.descriptor.pointee.name.string
    hostTable = .allocate(capacity: 1)
    var texts: [UnsafeMutableRawPointer] = []
    var settings: [String: tally_setting_value] = [:]
    let descriptor = entry.pointee.descriptor.pointee
    for setting in UnsafeBufferPointer(
      start: descriptor.settings, count: Int(descriptor.n_settings))
    {
      let text = given[setting.name.string] ?? setting.default_text.string
      let copy = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(text.utf8.count, 1), alignment: 1)
      copy.copyBytes(from: text.utf8)
      var value = tally_setting_value()
      value.struct_size = UInt32(MemoryLayout<tally_setting_value>.size)
      value.kind = setting.kind
      value.integer = text == "true" ? 1 : Int64(text) ?? 0
      value.number = Double(text) ?? 0
      if let base = copy.baseAddress {
        texts.append(base)
        value.text = tally_str(
          ptr: base.assumingMemoryBound(to: CChar.self), len: UInt64(text.utf8.count))
      }
      settings[setting.name.string] = value
    }
    self.settings = settings
    self.texts = texts
    hostTable.initialize(to: makeHostTable())
  }

  deinit {
    hostTable.deallocate()
    texts.forEach { $0.deallocate() }
  }

  private func makeHostTable() -> tally_host {
    var table = tally_host()
    table.struct_size = UInt32(MemoryLayout<tally_host>.size)
    table.abi_major = TALLY_ABI_MAJOR
    table.abi_minor = TALLY_ABI_MINOR
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.log = { FakePlugin.from($0).host.log.append("\($1) \($2.string)") }
    table.setting = { ctx, name, out in
      guard let value = FakePlugin.from(ctx).settings[name.string] else { return TALLY_NOT_FOUND }
      out?.pointee = value
      return TALLY_OK
    }
    table.app_setting = { ctx, _, name, out in
      guard let value = FakePlugin.from(ctx).settings[name.string] else { return TALLY_NOT_FOUND }
      out?.pointee = value
      return TALLY_OK
    }
    table.service = { _, _, _ in nil }
    table.intern = { FakePlugin.from($0).host.intern($1.string) }
    return table
  }

  static func from(_ ctx: UnsafeMutableRawPointer?) -> FakePlugin {
    guard let ctx else { preconditionFailure("the plugin did not hand its ctx back") }
    return Unmanaged<FakePlugin>.fromOpaque(ctx).takeUnretainedValue()
  }

  // MARK: Registering

  func withRegistrar<T>(_ body: (UnsafePointer<tally_registrar>) -> T) -> T {
    var registrar = tally_registrar()
    registrar.struct_size = UInt32(MemoryLayout<tally_registrar>.size)
    registrar.ctx = Unmanaged.passUnretained(self).toOpaque()
    registrar.metric = { ctx, metric, out in
      guard let metric, metric.pointee.struct_size == MemoryLayout<tally_metric>.size else {
        return TALLY_INVALID
      }
      let plugin = FakePlugin.from(ctx)
      plugin.metrics.append(Metric(metric.pointee))
      out?.pointee = UInt32(plugin.metrics.count)
      return TALLY_OK
    }
    registrar.collection = { ctx, collection, out in
      guard let collection, collection.pointee.reduce != nil else { return TALLY_INVALID }
      let plugin = FakePlugin.from(ctx)
      plugin.collections.append((collection.pointee.name.string, collection.pointee))
      out?.pointee = UInt32(plugin.collections.count)
      return TALLY_OK
    }
    registrar.table = { ctx, table, out in
      guard let table else { return TALLY_INVALID }
      let plugin = FakePlugin.from(ctx)
      plugin.tables.append(table.pointee.name.string)
      out?.pointee = UInt32(plugin.tables.count)
      return TALLY_OK
    }
    registrar.hook = { ctx, hook in
      guard let hook else { return TALLY_INVALID }
      let plugin = FakePlugin.from(ctx)
      // Hooks of other kinds are taken and never called: this host has no network and no commits.
      guard hook.pointee.kind == TALLY_HOOK_PROCESS else { return TALLY_OK }
      guard hook.pointee.process != nil else { return TALLY_INVALID }
      plugin.hooks.append(hook.pointee)
      plugin.hookKeys.append(
        Array(UnsafeBufferPointer(start: hook.pointee.keys, count: Int(hook.pointee.n_keys))))
      return TALLY_OK
    }
    registrar.route = { ctx, route, out in
      guard let route, route.pointee.answer != nil else { return TALLY_INVALID }
      let plugin = FakePlugin.from(ctx)
      plugin.routes.append(
        (route.pointee.method.string, route.pointee.path.string, route.pointee))
      out?.pointee = UInt32(plugin.routes.count)
      return TALLY_OK
    }
    registrar.describe = { ctx, function in
      FakePlugin.from(ctx).describe = function
      return TALLY_OK
    }
    return withUnsafePointer(to: registrar, body)
  }
}

extension FakePlugin.Metric {
  init(_ metric: tally_metric) {
    name = metric.name.string
    measures = UnsafeBufferPointer(start: metric.measures, count: Int(metric.n_measures)).map {
      Measure(name: $0.name.string, kind: $0.kind, grains: $0.grains)
    }
    dimensions = UnsafeBufferPointer(start: metric.dimensions, count: Int(metric.n_dimensions)).map
    {
      Dimension(name: $0.name.string, measures: $0.measures, grains: $0.grains)
    }
    hasSubjects = metric.subject_limit > 0
    hasFurtherDimensions = metric.dimension_limit > 0
  }

  /// The grains in which a measure of a series is stored; none when its dimension leaves it out.
  func grains(of measure: Int, dimension name: String) -> UInt32 {
    guard !name.isEmpty else { return measures[measure].grains }
    guard let dimension = dimensions.first(where: { $0.name == name }) else {
      return measures[measure].grains & ~TALLY_GRAIN_HOUR
    }
    guard dimension.measures >> UInt32(measure) & 1 != 0 else { return 0 }
    let grains = dimension.grains == 0 ? measures[measure].grains : dimension.grains
    return grains & ~TALLY_GRAIN_HOUR
  }
}

extension tally_str {
  var string: String {
    String(decoding: UnsafeRawBufferPointer(start: ptr, count: Int(len)), as: UTF8.self)
  }
}

extension tally_bytes {
  var array: [UInt8] { Array(UnsafeRawBufferPointer(start: ptr, count: Int(len))) }
}
