import PluginABI

/// Where a plugin registers what it offers. Borrowed, valid in `init` only.
public struct Registrar: ~Copyable {
  let pointer: UnsafePointer<tally_registrar>

  init(_ pointer: UnsafePointer<tally_registrar>) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_registrar>.size) else {
      throw PluginError(.unsupported, "the host's tally_registrar is older than this plugin")
    }
    self.pointer = pointer
  }

  /// Counters: at most 8 measures. `subjectLimit` is how many things an app may count below it (0:
  /// none), `dimensionLimit` how many dimensions beyond the declared ones each may have.
  /// `valueLimit` is that of further dimensions, and of declared ones that have 0.
  public func metric(
    _ name: String, measures: [Measure], dimensions: [Dimension] = [], subjectLimit: Limit = 0,
    dimensionLimit: Limit = 0, valueLimit: Limit = 0
  ) throws -> Metric {
    let names = ConstantTexts()
    let measureTable = measures.map { $0.abi(names) }
    let dimensionTable = dimensions.map { $0.abi(names, measures: measures.count) }
    var number: UInt32 = 0
    let status = measureTable.withUnsafeBufferPointer { measureTable in
      dimensionTable.withUnsafeBufferPointer { dimensionTable in
        var metric = tally_metric(
          struct_size: UInt32(MemoryLayout<tally_metric>.size), n_measures: UInt32(measures.count),
          name: names.text(name), measures: measureTable.baseAddress,
          dimensions: dimensions.isEmpty ? nil : dimensionTable.baseAddress,
          n_dimensions: UInt32(dimensions.count), subject_limit: subjectLimit.number,
          dimension_limit: dimensionLimit.number, value_limit: valueLimit.number,
          subject_limit_setting: names.text(subjectLimit.setting),
          dimension_limit_setting: names.text(dimensionLimit.setting),
          value_limit_setting: names.text(valueLimit.setting))
        return pointer.pointee.metric?(pointer.pointee.ctx, &metric, &number) ?? TALLY_UNSUPPORTED
      }
    }
    withExtendedLifetime(names) {}
    try PluginError.check(status, "the host refused the metric \"\(name)\"")
    return Metric(number: number, measures: UInt32(measures.count))
  }

  /// Documents that many users share; `reduce` is their one writer.
  public func collection(_ name: String, documentLimit: Int) throws -> Collection {
    var number: UInt32 = 0
    let status = Text.with(name) { name in
      var collection = tally_collection(
        struct_size: UInt32(MemoryLayout<tally_collection>.size),
        document_limit: UInt32(documentLimit), name: name.abi, reduce: Trampolines.reduce)
      return pointer.pointee.collection?(pointer.pointee.ctx, &collection, &number)
        ?? TALLY_UNSUPPORTED
    }
    try PluginError.check(status, "the host refused the collection \"\(name)\"")
    return Collection(number: number)
  }

  /// Rows to append and list; the newest `rowsPerKey` of each app and key are kept, 0 for all.
  public func table(_ name: String, rowsPerKey: Int = 0) throws -> Table {
    var number: UInt32 = 0
    let status = Text.with(name) { name in
      var table = tally_table(
        struct_size: UInt32(MemoryLayout<tally_table>.size), rows_per_key: UInt32(rowsPerKey),
        name: name.abi)
      return pointer.pointee.table?(pointer.pointee.ctx, &table, &number) ?? TALLY_UNSUPPORTED
    }
    try PluginError.check(status, "the host refused the table \"\(name)\"")
    return Table(number: number)
  }
}

/// Copies of names that live as long as this.
final class ConstantTexts {
  private var copies: [UnsafeMutableRawBufferPointer] = []

  func text(_ string: String) -> tally_str {
    let copy = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(string.utf8.count, 1), alignment: 1)
    copy.copyBytes(from: string.utf8)
    copies.append(copy)
    return Text(copy.baseAddress.map { UnsafeRawPointer($0) }, count: string.utf8.count).abi
  }

  deinit {
    for copy in copies { copy.deallocate() }
  }
}

extension Measure {
  func abi(_ names: ConstantTexts) -> tally_measure {
    tally_measure(
      name: names.text(name), kind: kind, grains: grains.rawValue, scale: decimals,
      flags: isOptional ? TALLY_MEASURE_OPTIONAL : 0)
  }
}

extension Dimension {
  func abi(_ names: ConstantTexts, measures count: Int) -> tally_dimension {
    tally_dimension(
      name: names.text(name), meta: names.text(meta), style: style, value_limit: valueLimit,
      measures: measures & (UInt32.max >> UInt32(32 - count)), grains: grains.rawValue)
  }
}
