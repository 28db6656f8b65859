import PluginABI
import Synchronization

/// A number a plugin keeps about itself.
package final class PluginMetric: Sendable {
  package let name: String
  package let help: String
  package let isCounter: Bool
  private let number = Atomic<Int64>(0)

  init(name: String, help: String, isCounter: Bool) {
    self.name = name
    self.help = help
    self.isCounter = isCounter
  }

  package var value: Int64 { number.load(ordering: .relaxed) }

  func add(_ amount: Int64) {
    guard !isCounter || amount >= 0 else { return }
    number.wrappingAdd(amount, ordering: .relaxed)
  }

  func set(_ amount: Int64) {
    if !isCounter { number.store(amount, ordering: .relaxed) }
  }
}

/// Limits of metrics.
enum MetricLimits {
  static let metricsMax = 64
  static let helpBytesMax = 256
}

extension tally_metrics {
  static func serving(_ ctx: UnsafeMutableRawPointer) -> tally_metrics {
    var table = tally_metrics()
    table.struct_size = UInt32(MemoryLayout<tally_metrics>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.define = { ctx, kind, name, help, out, error in
      ServiceContext.call(ctx, .metrics, "define", from: .defining, error) {
        guard let out else { throw ServiceError(TALLY_INVALID, "out_metric is NULL") }
        out.pointee = try $0.define(kind, name, help)
      }
    }
    table.add = { ServiceContext.metric($0, $1)?.add($2) }
    table.set = { ServiceContext.metric($0, $1)?.set($2) }
    return table
  }
}

extension ServiceContext {
  fileprivate func define(
    _ kind: UInt32, _ name: tally_str, _ help: tally_str
  ) throws -> UInt32 {
    try checkDefining()
    let name = try ServiceName.check(name, of: "metric")
    guard !name.contains("-"), kind <= TALLY_KIND_GAUGE else {
      throw ServiceError(
        TALLY_INVALID, "metric \(name): names are a-z, 0-9 and _, kinds TALLY_KIND_...")
    }
    let isCounter = kind == TALLY_KIND_COUNTER
    guard isCounter == name.hasSuffix("_total") else {
      throw ServiceError(
        TALLY_INVALID, "metric \(name): a counter, and nothing else, ends in _total")
    }
    guard let help = help.string, help.utf8.count <= MetricLimits.helpBytesMax,
      !help.utf8.contains(10), !help.utf8.contains(92)
    else {
      throw ServiceError(
        TALLY_INVALID, "metric \(name): help is one line of at most \(MetricLimits.helpBytesMax)")
    }
    return try metrics.withLock { metrics in
      guard !metrics.contains(where: { $0.name == name }) else {
        throw ServiceError(TALLY_CONFLICT, "metric \(name) is defined twice")
      }
      guard metrics.count < MetricLimits.metricsMax else {
        throw ServiceError(TALLY_LIMIT, "more than \(MetricLimits.metricsMax) metrics")
      }
      metrics.append(
        PluginMetric(name: name, help: secrets.redact(help), isCounter: isCounter))
      return UInt32(metrics.count)
    }
  }

  /// A number is not worth a refusal: one that is not there is passed over and counted.
  fileprivate static func metric(_ ctx: UnsafeMutableRawPointer?, _ number: UInt32) -> PluginMetric?
  {
    guard let ctx else { return nil }
    let context = Unmanaged<ServiceContext>.fromOpaque(ctx).takeUnretainedValue()
    let found = context.metrics.withLock { metrics in
      number >= 1 && Int(number) <= metrics.count ? metrics[Int(number) - 1] : nil
    }
    if found == nil { context.account.refuse(.metrics) }
    return found
  }
}
