import PluginABI
import Store

/// The host's side of `tally_registrar`: copies and checks what a plugin registers. Lives for one
/// enroll.
final class Registrar {
  let plugin: String
  private(set) var enrollment = Enrollment()
  /// The first refusal, for the operator; the plugin sees a status.
  private(set) var refusal: String?

  init(plugin: String) {
    self.plugin = plugin
  }

  /// Calls `body` with a table whose functions lead here.
  func withTable<T>(_ body: (UnsafePointer<tally_registrar>) -> T) -> T {
    var table = tally_registrar()
    table.struct_size = UInt32(MemoryLayout<tally_registrar>.size)
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.metric = { Registrar.from($0)?.metric($1, $2) ?? TALLY_INVALID }
    table.collection = { Registrar.from($0)?.collection($1, $2) ?? TALLY_INVALID }
    table.table = { Registrar.from($0)?.table($1, $2) ?? TALLY_INVALID }
    table.hook = { Registrar.from($0)?.hook($1) ?? TALLY_INVALID }
    table.read = { Registrar.from($0)?.read($1) ?? TALLY_INVALID }
    return withExtendedLifetime(self) { withUnsafePointer(to: table, body) }
  }

  private static func from(_ ctx: UnsafeMutableRawPointer?) -> Registrar? {
    ctx.map { Unmanaged<Registrar>.fromOpaque($0).takeUnretainedValue() }
  }

  private func refuse(_ what: String, _ why: String) -> tally_status {
    if refusal == nil { refusal = "\(what): \(why)" }
    return TALLY_INVALID
  }

  private func metric(
    _ pointer: UnsafePointer<tally_metric>?, _ out: UnsafeMutablePointer<UInt32>?
  ) -> tally_status {
    guard let pointer, let out, Int(pointer.pointee.struct_size) >= MemoryLayout<tally_metric>.size
    else {
      return refuse("tally_metric", "struct_size is too small or a pointer is NULL")
    }
    guard let metric = MetricDefinition(pointer.pointee, plugin: plugin) else {
      return refuse(
        "metric", "names must be UTF-8, measures 1 to 8, kinds and grains from tally_plugin.h, 5")
    }
    guard !enrollment.metrics.contains(where: { $0.name == metric.name }) else {
      return refuse("metric \(metric.name)", "registered twice")
    }
    guard enrollment.metrics.count < Enrollment.registrationsMax else { return TALLY_LIMIT }
    enrollment.metrics.append(metric)
    out.pointee = UInt32(enrollment.metrics.count)
    return TALLY_OK
  }

  private func collection(
    _ pointer: UnsafePointer<tally_collection>?, _ out: UnsafeMutablePointer<UInt32>?
  ) -> tally_status {
    guard let pointer, let out,
      Int(pointer.pointee.struct_size) >= MemoryLayout<tally_collection>.size,
      let name = pointer.pointee.name.string, !name.isEmpty, let reduce = pointer.pointee.reduce
    else { return refuse("tally_collection", "needs struct_size, a name and reduce") }
    guard !enrollment.collections.contains(where: { $0.name == name }) else {
      return refuse("collection \(name)", "registered twice")
    }
    guard enrollment.collections.count < Enrollment.registrationsMax else { return TALLY_LIMIT }
    enrollment.collections.append(
      .init(name: name, documentLimit: Int(pointer.pointee.document_limit), reduce: reduce))
    out.pointee = UInt32(enrollment.collections.count)
    return TALLY_OK
  }

  private func table(
    _ pointer: UnsafePointer<tally_table>?, _ out: UnsafeMutablePointer<UInt32>?
  ) -> tally_status {
    guard let pointer, let out, Int(pointer.pointee.struct_size) >= MemoryLayout<tally_table>.size,
      let name = pointer.pointee.name.string, !name.isEmpty
    else { return refuse("tally_table", "needs struct_size and a name") }
    guard !enrollment.tables.contains(where: { $0.name == name }) else {
      return refuse("table \(name)", "registered twice")
    }
    guard enrollment.tables.count < Enrollment.registrationsMax else { return TALLY_LIMIT }
    enrollment.tables.append(.init(name: name, rowsPerKey: Int(pointer.pointee.rows_per_key)))
    out.pointee = UInt32(enrollment.tables.count)
    return TALLY_OK
  }

  private func hook(_ pointer: UnsafePointer<tally_hook>?) -> tally_status {
    guard let pointer, Int(pointer.pointee.struct_size) >= MemoryLayout<tally_hook>.size,
      let process = pointer.pointee.process
    else { return refuse("tally_hook", "needs struct_size and process") }
    let hook = pointer.pointee
    guard let before = strings(hook.before, hook.n_before),
      let after = strings(hook.after, hook.n_after)
    else { return refuse("tally_hook", "before and after must be UTF-8 plugin names") }
    guard enrollment.hooks.count < Enrollment.registrationsMax else { return TALLY_LIMIT }
    let keys = Array(
      UnsafeBufferPointer(start: hook.keys, count: hook.keys == nil ? 0 : Int(hook.n_keys)))
    enrollment.hooks.append(
      .init(phase: hook.phase, before: before, after: after, keys: keys,
        ordinal: enrollment.hooks.count, process: process))
    return TALLY_OK
  }

  private func read(_ pointer: UnsafePointer<tally_read>?) -> tally_status {
    guard let pointer, Int(pointer.pointee.struct_size) >= MemoryLayout<tally_read>.size,
      let method = pointer.pointee.method.string, let path = pointer.pointee.path.string,
      let feature = pointer.pointee.feature.string, let answer = pointer.pointee.answer,
      method.isEmpty != path.isEmpty
    else { return refuse("tally_read", "needs struct_size, answer and either method or path") }
    guard path.isEmpty || path.hasPrefix("/o/") else {
      return refuse("read \(path)", "a path must begin with /o/")
    }
    guard enrollment.reads.count < Enrollment.registrationsMax else { return TALLY_LIMIT }
    enrollment.reads.append(
      .init(method: method, path: path, feature: feature.isEmpty ? plugin : feature, answer: answer)
    )
    return TALLY_OK
  }

  private func strings(_ start: UnsafePointer<tally_str>?, _ count: UInt32) -> [String]? {
    guard let start else { return [] }
    var result: [String] = []
    for i in 0..<Int(count) {
      guard let text = start[i].string else { return nil }
      result.append(text)
    }
    return result
  }
}
