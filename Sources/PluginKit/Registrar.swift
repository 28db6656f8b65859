import PluginABI

/// When a hook runs, among the hooks of all plugins; anything between is fine.
public struct Phase: Sendable {
  let rawValue: Int32

  public init(_ rawValue: Int32) {
    self.rawValue = rawValue
  }

  public static let first = Phase(TALLY_PHASE_FIRST)
  public static let early = Phase(TALLY_PHASE_EARLY)
  public static let normal = Phase(TALLY_PHASE_NORMAL)
  public static let late = Phase(TALLY_PHASE_LATE)
  public static let last = Phase(TALLY_PHASE_LAST)
}

/// Where a plugin registers what it offers. Borrowed, valid in `init` only.
public struct Registrar: ~Copyable {
  private let pointer: UnsafePointer<tally_registrar>
  private let collections: CollectionCounter

  init(_ pointer: UnsafePointer<tally_registrar>, collections: CollectionCounter) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_registrar>.size) else {
      throw PluginError(.unsupported, "the host's tally_registrar is older than this plugin")
    }
    self.pointer = pointer
    self.collections = collections
  }

  /// Counters: at most 8 measures. `subjectLimit` is how many things an app may count below it (0:
  /// none), `dimensionLimit` how many dimensions beyond the declared ones each may have.
  public func metric(
    _ name: String, measures: [Measure], dimensions: [Dimension] = [], subjectLimit: Int = 0,
    dimensionLimit: Int = 0, valueLimit: Int = 0
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
          n_dimensions: UInt32(dimensions.count), subject_limit: UInt32(subjectLimit),
          dimension_limit: UInt32(dimensionLimit), value_limit: UInt32(valueLimit))
        return pointer.pointee.metric?(pointer.pointee.ctx, &metric, &number) ?? TALLY_UNSUPPORTED
      }
    }
    withExtendedLifetime(names) {}
    try PluginError.check(status, "the host refused the metric \"\(name)\"")
    return Metric(number: number, measures: UInt32(measures.count))
  }

  /// Documents that many users share; `reduce` is their one writer. A plugin has at most four.
  public func collection(_ name: String, documentLimit: Int) throws -> Collection {
    guard let reduce = Trampolines.reduce(collections.count) else {
      throw PluginError(
        .limit, "a plugin has at most \(Trampolines.collectionsMax) collections, no \"\(name)\"")
    }
    var number: UInt32 = 0
    let status = Text.with(name) { name in
      var collection = tally_collection(
        struct_size: UInt32(MemoryLayout<tally_collection>.size),
        document_limit: UInt32(documentLimit), name: name.abi, reduce: reduce)
      return pointer.pointee.collection?(pointer.pointee.ctx, &collection, &number)
        ?? TALLY_UNSUPPORTED
    }
    try PluginError.check(status, "the host refused the collection \"\(name)\"")
    let collection = Collection(number: number)
    collections.add(collection)
    return collection
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

  /// Asks for batches: `process` sees those in which one of `keys` occurs, all when there are none.
  public func hook(
    phase: Phase = .normal, before: [String] = [], after: [String] = [], keys: [Key] = []
  ) throws {
    let names = ConstantTexts()
    let status = before.map(names.text).withUnsafeBufferPointer { before in
      after.map(names.text).withUnsafeBufferPointer { after in
        keys.map(\.id).withUnsafeBufferPointer { keys in
          var hook = tally_hook()
          hook.struct_size = UInt32(MemoryLayout<tally_hook>.size)
          hook.phase = phase.rawValue
          (hook.before, hook.n_before) = (before.baseAddress, UInt32(before.count))
          (hook.after, hook.n_after) = (after.baseAddress, UInt32(after.count))
          (hook.keys, hook.n_keys) = (keys.baseAddress, UInt32(keys.count))
          hook.process = Trampolines.process
          return pointer.pointee.hook?(pointer.pointee.ctx, &hook) ?? TALLY_UNSUPPORTED
        }
      }
    }
    withExtendedLifetime(names) {}
    try PluginError.check(status, "the host refused the hook")
  }

  /// Answers `/o?method=<method>`, for members with the permission `feature` (by default the
  /// plugin's name).
  public func read(method: String, feature: String = "") throws {
    try read(method: method, path: "", feature: feature)
  }

  /// Answers a path that begins with `/o/`.
  public func read(path: String, feature: String = "") throws {
    try read(method: "", path: path, feature: feature)
  }

  private func read(method: String, path: String, feature: String) throws {
    let names = ConstantTexts()
    var read = tally_read(
      struct_size: UInt32(MemoryLayout<tally_read>.size), flags: 0, method: names.text(method),
      path: names.text(path), feature: names.text(feature), answer: Trampolines.answer)
    let status = pointer.pointee.read?(pointer.pointee.ctx, &read) ?? TALLY_UNSUPPORTED
    withExtendedLifetime(names) {}
    try PluginError.check(status, "the host refused the read \"\(method)\(path)\"")
  }
}

/// Which of the plugin's collections each `reduce` trampoline stands for.
final class CollectionCounter {
  private(set) var all: [Collection] = []

  var count: Int { all.count }

  func add(_ collection: Collection) {
    all.append(collection)
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
