import PluginABI
import Store

/// The host's side of `tally_registrar`: copies and checks what a plugin registers. Lives for one
/// enroll.
final class Registrar {
  let manifest: Manifest
  var enrollment = Enrollment()
  /// The first refusal, for the operator; the plugin sees a status.
  private(set) var refusal: String?

  init(manifest: Manifest) {
    self.manifest = manifest
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
    table.route = { Registrar.from($0)?.route($1, $2) ?? TALLY_INVALID }
    table.describe = { Registrar.from($0)?.describe($1) ?? TALLY_INVALID }
    return withExtendedLifetime(self) { withUnsafePointer(to: table, body) }
  }

  private static func from(_ ctx: UnsafeMutableRawPointer?) -> Registrar? {
    ctx.map { Unmanaged<Registrar>.fromOpaque($0).takeUnretainedValue() }
  }

  func refuse(_ what: String, _ why: String) -> tally_status {
    if refusal == nil { refusal = "\(what): \(why)" }
    return TALLY_INVALID
  }

  /// Runs one registration; a struct that cannot be taken over refuses it, and a list that is full.
  func register(
    _ what: String, count: Int, _ body: () throws -> tally_status
  ) -> tally_status {
    guard count < Enrollment.registrationsMax else {
      _ = refuse(what, "more than \(Enrollment.registrationsMax) of them")
      return TALLY_LIMIT
    }
    do { return try body() } catch {
      return refuse(what, (error as? Incoming.Refusal)?.reason ?? "\(error)")
    }
  }

  private func metric(
    _ pointer: UnsafePointer<tally_metric>?, _ out: UnsafeMutablePointer<UInt32>?
  ) -> tally_status {
    register("metric", count: enrollment.metrics.count) {
      let given = try Incoming.copy(pointer, "tally_metric")
      guard let metric = MetricDefinition(given, plugin: manifest.name) else {
        return refuse(
          "metric", "names must be UTF-8, measures 1 to 8, kinds and grains from tally_plugin.h, 6")
      }
      guard !enrollment.metrics.contains(where: { $0.name == metric.name }) else {
        return refuse("metric \(metric.name)", "registered twice")
      }
      guard let limits = MetricDefinition.LimitSettings(given, manifest) else {
        return refuse(
          "metric \(metric.name)",
          "a setting that gives a limit must be declared, INT, PER_APP and RESTART")
      }
      enrollment.metrics.append(metric)
      enrollment.metricLimits.append(limits)
      out?.pointee = UInt32(enrollment.metrics.count)
      return TALLY_OK
    }
  }

  private func collection(
    _ pointer: UnsafePointer<tally_collection>?, _ out: UnsafeMutablePointer<UInt32>?
  ) -> tally_status {
    register("collection", count: enrollment.collections.count) {
      let given = try Incoming.copy(pointer, "tally_collection")
      guard let name = given.name.string, !name.isEmpty, let reduce = given.reduce else {
        return refuse("collection", "needs a name in UTF-8 and reduce")
      }
      guard !enrollment.collections.contains(where: { $0.name == name }) else {
        return refuse("collection \(name)", "registered twice")
      }
      enrollment.collections.append(
        .init(name: name, documentLimit: Int(given.document_limit), reduce: reduce))
      out?.pointee = UInt32(enrollment.collections.count)
      return TALLY_OK
    }
  }

  private func describe(_ function: Enrollment.DescribeFunction?) -> tally_status {
    guard let function else { return refuse("describe", "needs a function") }
    guard enrollment.describe == nil else { return refuse("describe", "registered twice") }
    enrollment.describe = function
    return TALLY_OK
  }

  private func table(
    _ pointer: UnsafePointer<tally_table>?, _ out: UnsafeMutablePointer<UInt32>?
  ) -> tally_status {
    register("table", count: enrollment.tables.count) {
      let given = try Incoming.copy(pointer, "tally_table")
      guard let name = given.name.string, !name.isEmpty else {
        return refuse("table", "needs a name in UTF-8")
      }
      guard !enrollment.tables.contains(where: { $0.name == name }) else {
        return refuse("table \(name)", "registered twice")
      }
      enrollment.tables.append(.init(name: name, rowsPerKey: Int(given.rows_per_key)))
      out?.pointee = UInt32(enrollment.tables.count)
      return TALLY_OK
    }
  }
}

/// Where a plugin's code runs.
package enum Lane: String, Sendable {
  case inproc
  case isolated
}
