import PluginABI

/// What a plugin registered in its runner, registered again in the host through the same registrar.
/// Functions stay where they are: the host's enrollment holds ones that say so.
struct EnrollmentWire {
  /// What was registered; the first word of each entry.
  enum Entry: UInt64 {
    case metric = 1
    case collection = 2
    case table = 3
    case hook = 4
    case route = 5
    case describe = 6
  }

  private let registrar: UnsafePointer<tally_registrar>

  /// The enrollment behind the bytes, or nil when they are damaged or refused; why is in the
  /// registrar.
  static func read(
    _ bytes: UnsafeRawBufferPointer, of manifest: Manifest
  ) throws(PluginError) -> Enrollment {
    let registrar = Registrar(manifest: manifest)
    let isWhole = registrar.withTable { EnrollmentWire(registrar: $0).replay(bytes) }
    guard isWhole, registrar.refusal == nil else {
      throw PluginError(
        .runner,
        "\(manifest.name): its runner sent registrations that cannot be read: "
          + (registrar.refusal ?? "damaged"))
    }
    return registrar.enrollment
  }

  private func replay(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var reader = WireReader(bytes)
    do throws(WireDamage) {
      while !reader.isAtEnd { try step(&reader) }
      return true
    } catch { return false }
  }

  private func step(_ reader: inout WireReader) throws(WireDamage) {
    var number: UInt32 = 0
    let ctx = registrar.pointee.ctx
    let status: tally_status
    switch Entry(rawValue: try reader.word()) {
    case .metric: status = try metric(&reader)
    case .collection:
      var collection = try collection(&reader)
      status = registrar.pointee.collection(ctx, &collection, &number)
    case .table:
      var table = try table(&reader)
      status = registrar.pointee.table(ctx, &table, &number)
    case .hook: status = try hook(&reader)
    case .route: status = try route(&reader)
    case .describe: status = registrar.pointee.describe(ctx) { _, _, _ in TALLY_UNSUPPORTED }
    case nil: throw WireDamage()
    }
    guard status == TALLY_OK else { throw WireDamage() }
  }

  private func metric(_ reader: inout WireReader) throws(WireDamage) -> tally_status {
    var metric = tally_metric()
    metric.struct_size = UInt32(MemoryLayout<tally_metric>.size)
    metric.name = try reader.tallyText()
    (metric.subject_limit, metric.dimension_limit) = try reader.pair()
    metric.value_limit = UInt32(truncatingIfNeeded: try reader.word())
    metric.subject_limit_setting = try reader.tallyText()
    metric.dimension_limit_setting = try reader.tallyText()
    metric.value_limit_setting = try reader.tallyText()
    var measures: [tally_measure] = []
    for _ in 0..<(try count(&reader)) { measures.append(try measure(&reader)) }
    var dimensions: [tally_dimension] = []
    for _ in 0..<(try count(&reader)) { dimensions.append(try dimension(&reader)) }
    metric.n_measures = UInt32(measures.count)
    metric.n_dimensions = UInt32(dimensions.count)
    return measures.withUnsafeBufferPointer { measures in
      dimensions.withUnsafeBufferPointer { dimensions in
        var number: UInt32 = 0
        metric.measures = measures.baseAddress
        metric.dimensions = dimensions.baseAddress
        return registrar.pointee.metric(registrar.pointee.ctx, &metric, &number)
      }
    }
  }

  private func measure(_ reader: inout WireReader) throws(WireDamage) -> tally_measure {
    var measure = tally_measure()
    measure.name = try reader.tallyText()
    (measure.kind, measure.grains) = try reader.pair()
    (measure.scale, measure.flags) = try reader.pair()
    return measure
  }

  private func dimension(_ reader: inout WireReader) throws(WireDamage) -> tally_dimension {
    var dimension = tally_dimension()
    dimension.name = try reader.tallyText()
    dimension.meta = try reader.tallyText()
    (dimension.style, dimension.value_limit) = try reader.pair()
    (dimension.measures, dimension.grains) = try reader.pair()
    return dimension
  }

  private func collection(_ reader: inout WireReader) throws(WireDamage) -> tally_collection {
    var collection = tally_collection()
    collection.struct_size = UInt32(MemoryLayout<tally_collection>.size)
    collection.name = try reader.tallyText()
    collection.document_limit = UInt32(truncatingIfNeeded: try reader.word())
    collection.reduce = { _, _, _ in TALLY_UNSUPPORTED }
    return collection
  }

  private func table(_ reader: inout WireReader) throws(WireDamage) -> tally_table {
    var table = tally_table()
    table.struct_size = UInt32(MemoryLayout<tally_table>.size)
    table.name = try reader.tallyText()
    table.rows_per_key = UInt32(truncatingIfNeeded: try reader.word())
    return table
  }

  private func hook(_ reader: inout WireReader) throws(WireDamage) -> tally_status {
    var hook = tally_hook()
    hook.struct_size = UInt32(MemoryLayout<tally_hook>.size)
    (hook.kind, hook.flags) = try reader.pair()
    let (phase, kinds) = try reader.pair()
    (hook.phase, hook.kinds) = (Int32(bitPattern: phase), kinds)
    hook.name = try reader.tallyText()
    switch HookKind(rawValue: hook.kind) {
    case .intake: hook.intake = { _, _, _ in TALLY_UNSUPPORTED }
    case .transform: hook.transform = { _, _, _, _ in TALLY_UNSUPPORTED }
    case .process: hook.process = { _, _, _, _, _ in TALLY_UNSUPPORTED }
    case .committed: hook.committed = { _, _, _ in TALLY_UNSUPPORTED }
    case .lifecycle: hook.lifecycle = { _, _, _ in TALLY_UNSUPPORTED }
    case nil: throw WireDamage()
    }
    var names: [[tally_str]] = [[], []]
    for list in names.indices {
      for _ in 0..<(try count(&reader)) { names[list].append(try reader.tallyText()) }
    }
    var keys: [UInt32] = []
    for _ in 0..<(try count(&reader)) {
      keys.append(UInt32(truncatingIfNeeded: try reader.word()))
    }
    hook.n_before = UInt32(names[0].count)
    hook.n_after = UInt32(names[1].count)
    hook.n_keys = UInt32(keys.count)
    return names[0].withUnsafeBufferPointer { before in
      names[1].withUnsafeBufferPointer { after in
        keys.withUnsafeBufferPointer { keys in
          (hook.before, hook.after, hook.keys) = (
            before.baseAddress, after.baseAddress, keys.baseAddress
          )
          return registrar.pointee.hook(registrar.pointee.ctx, &hook)
        }
      }
    }
  }

  private func route(_ reader: inout WireReader) throws(WireDamage) -> tally_status {
    var route = tally_route()
    route.struct_size = UInt32(MemoryLayout<tally_route>.size)
    (route.methods, route.access) = try reader.pair()
    (route.flags, route.body_bytes_max) = try reader.pair()
    route.deadline_ms = UInt32(truncatingIfNeeded: try reader.word())
    route.path = try reader.tallyText()
    route.method = try reader.tallyText()
    route.permission = try reader.tallyText()
    route.summary = try reader.tallyText()
    route.answer = { _, _, _, _ in TALLY_UNSUPPORTED }
    var parameters: [tally_parameter] = []
    for _ in 0..<(try count(&reader)) {
      parameters.append(
        tally_parameter(name: try reader.tallyText(), summary: try reader.tallyText()))
    }
    route.n_parameters = UInt32(parameters.count)
    return parameters.withUnsafeBufferPointer { parameters in
      var number: UInt32 = 0
      route.parameters = parameters.baseAddress
      return registrar.pointee.route(registrar.pointee.ctx, &route, &number)
    }
  }

  /// A list is never longer than what may be registered.
  private func count(_ reader: inout WireReader) throws(WireDamage) -> Int {
    let count = try reader.word()
    guard count <= 4_096 else { throw WireDamage() }
    return Int(count)
  }
}
