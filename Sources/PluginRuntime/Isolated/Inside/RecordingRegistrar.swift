import PluginABI

/// Between a plugin's enroll and the runner's registrar: what that accepts is written down for the
/// host.
final class RecordingRegistrar {
  private let inner: UnsafePointer<tally_registrar>
  private(set) var writer: WireWriter

  init(_ inner: UnsafePointer<tally_registrar>, writer: WireWriter) {
    self.inner = inner
    self.writer = writer
  }

  /// Calls `body` with a table whose functions lead here.
  func withTable<T>(_ body: (UnsafePointer<tally_registrar>) -> T) -> T {
    var table = tally_registrar()
    table.struct_size = UInt32(MemoryLayout<tally_registrar>.size)
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.metric = { ctx, metric, out in
      RecordingRegistrar.from(ctx).record(metric, { $0.metric($1, metric, out) }) { $0.put($1) }
    }
    table.collection = { ctx, collection, out in
      RecordingRegistrar.from(ctx).record(collection, { $0.collection($1, collection, out) }) {
        $0.put(EnrollmentWire.Entry.collection.rawValue)
        $0.put($1.name)
        $0.put(UInt64($1.document_limit))
      }
    }
    table.table = { ctx, table, out in
      RecordingRegistrar.from(ctx).record(table, { $0.table($1, table, out) }) {
        $0.put(EnrollmentWire.Entry.table.rawValue)
        $0.put($1.name)
        $0.put(UInt64($1.rows_per_key))
      }
    }
    table.hook = { ctx, hook in
      RecordingRegistrar.from(ctx).record(hook, { $0.hook($1, hook) }) { $0.put($1) }
    }
    table.route = { ctx, route, out in
      RecordingRegistrar.from(ctx).record(route, { $0.route($1, route, out) }) {
        $0.put(EnrollmentWire.Entry.route.rawValue)
        $0.put($1.methods, $1.access)
        $0.put($1.flags, $1.body_bytes_max)
        $0.put(UInt64($1.deadline_ms))
        for text in [$1.path, $1.method, $1.permission, $1.summary] { $0.put(text) }
        $0.put(UInt64($1.n_parameters))
        let parameters = UnsafeBufferPointer(
          start: $1.parameters, count: Int($1.n_parameters))
        for parameter in parameters {
          $0.put(parameter.name)
          $0.put(parameter.summary)
        }
      }
    }
    table.describe = { RecordingRegistrar.from($0).describe($1) }
    return withExtendedLifetime(self) { withUnsafePointer(to: table, body) }
  }

  private static func from(_ ctx: UnsafeMutableRawPointer?) -> RecordingRegistrar {
    guard let ctx else { preconditionFailure("tally_registrar.ctx was not handed back") }
    return Unmanaged<RecordingRegistrar>.fromOpaque(ctx).takeUnretainedValue()
  }

  private func describe(_ function: tally_describe?) -> tally_status {
    let status = inner.pointee.describe(inner.pointee.ctx, function)
    if status == TALLY_OK { writer.put(EnrollmentWire.Entry.describe.rawValue) }
    return status
  }

  /// Registers, and writes down what was accepted.
  private func record<T>(
    _ pointer: UnsafePointer<T>?,
    _ register: (tally_registrar, UnsafeMutableRawPointer?) -> tally_status,
    _ write: (inout WireWriter, T) -> Void
  ) -> tally_status {
    let status = register(inner.pointee, inner.pointee.ctx)
    if status == TALLY_OK, let pointer { write(&writer, pointer.pointee) }
    return status
  }
}

extension WireWriter {
  fileprivate mutating func put(_ metric: tally_metric) {
    put(EnrollmentWire.Entry.metric.rawValue)
    put(metric.name)
    put(metric.subject_limit, metric.dimension_limit)
    put(UInt64(metric.value_limit))
    put(metric.subject_limit_setting)
    put(metric.dimension_limit_setting)
    put(metric.value_limit_setting)
    put(UInt64(metric.n_measures))
    for measure in UnsafeBufferPointer(start: metric.measures, count: Int(metric.n_measures)) {
      put(measure.name)
      put(measure.kind, measure.grains)
      put(measure.scale, measure.flags)
    }
    let dimensions = UnsafeBufferPointer(
      start: metric.dimensions, count: metric.dimensions == nil ? 0 : Int(metric.n_dimensions))
    put(UInt64(dimensions.count))
    for dimension in dimensions {
      put(dimension.name)
      put(dimension.meta)
      put(dimension.style, dimension.value_limit)
      put(dimension.measures, dimension.grains)
    }
  }

  fileprivate mutating func put(_ hook: tally_hook) {
    put(EnrollmentWire.Entry.hook.rawValue)
    put(hook.kind, hook.flags)
    put(UInt32(bitPattern: hook.phase), hook.kinds)
    put(hook.name)
    for (start, count) in [(hook.before, hook.n_before), (hook.after, hook.n_after)] {
      let names = UnsafeBufferPointer(start: start, count: start == nil ? 0 : Int(count))
      put(UInt64(names.count))
      for name in names { put(name) }
    }
    let keys = UnsafeBufferPointer(start: hook.keys, count: hook.keys == nil ? 0 : Int(hook.n_keys))
    put(UInt64(keys.count))
    for key in keys { put(UInt64(key)) }
  }
}
