import PluginABI

/// Names one line of counters. Borrowed texts; they are copied when it is counted.
public struct Series {
  @usableFromInline var abi: tally_series
  @usableFromInline let measures: UInt32

  @inlinable init(_ metric: Metric, _ subject: Text, _ dimension: Text, _ value: Text) {
    abi = tally_series(
      struct_size: UInt32(MemoryLayout<tally_series>.size), metric: metric.number,
      subject: subject.abi, dimension: dimension.abi, value: value.abi)
    measures = metric.measures
  }
}

/// What a hook asks the host to write. Borrowed. Effects are staged and committed with the batch;
/// everything passed in is copied.
public struct Effects: ~Copyable {
  @usableFromInline let ctx: UnsafeMutableRawPointer?
  @usableFromInline let countFunction:
    @convention(c) (
      UnsafeMutableRawPointer?, UInt32, UnsafePointer<tally_series>?, Int32, UnsafePointer<Int64>?,
      UInt32
    ) -> Void
  @usableFromInline let uniqueFunction:
    @convention(c) (
      UnsafeMutableRawPointer?, UInt32, UnsafePointer<tally_series>?, Int32, UInt32
    ) -> UInt32
  @usableFromInline let cellFunction:
    @convention(c) (UnsafeMutableRawPointer?, UInt32) -> tally_bytes
  @usableFromInline let cellPutFunction:
    @convention(c) (UnsafeMutableRawPointer?, UInt32, tally_bytes) -> Void
  @usableFromInline let factFunction:
    @convention(c) (UnsafeMutableRawPointer?, UInt32, tally_bytes) -> Void
  @usableFromInline let rowFunction:
    @convention(c) (UnsafeMutableRawPointer?, UInt32, UInt32, tally_str, tally_bytes) -> Void
  @usableFromInline let emitFunction:
    @convention(c) (UnsafeMutableRawPointer?, UInt32, UInt32, tally_str, tally_bytes) -> Void
  let findByFunction:
    @convention(c) (
      UnsafeMutableRawPointer?, UInt32, UnsafePointer<tally_property>?, UInt32
    ) -> Void

  /// Loads the host's functions once a call, so that using them is one jump.
  init(_ table: UnsafePointer<tally_effects>) throws {
    guard table.pointee.struct_size >= UInt32(MemoryLayout<tally_effects>.size),
      let count = table.pointee.count, let unique = table.pointee.unique,
      let cell = table.pointee.cell, let cellPut = table.pointee.cell_put,
      let fact = table.pointee.fact, let row = table.pointee.row, let emit = table.pointee.emit,
      let findBy = table.pointee.find_by
    else { throw PluginError(.unsupported, "the host's tally_effects is older than this plugin") }
    ctx = table.pointee.ctx
    countFunction = count
    uniqueFunction = unique
    cellFunction = cell
    cellPutFunction = cellPut
    factFunction = fact
    rowFunction = row
    emitFunction = emit
    findByFunction = findBy
  }

  /// Adds to the measures of a series, in the order the metric declared them, at `hour`, by default
  /// the item's.
  @inlinable public func count(
    _ item: Item, _ series: Series, hour: Int32? = nil, _ a: Int64, _ b: Int64 = 0, _ c: Int64 = 0,
    _ d: Int64 = 0, _ e: Int64 = 0, _ f: Int64 = 0, _ g: Int64 = 0, _ h: Int64 = 0
  ) {
    withUnsafePointer(to: (a, b, c, d, e, f, g, h)) { amounts in
      withUnsafePointer(to: series.abi) { named in
        countFunction(
          ctx, item.place, named, hour ?? item.hour,
          UnsafeRawPointer(amounts).assumingMemoryBound(to: Int64.self), series.measures)
      }
    }
  }

  /// Says that the item's user was in the series at `hour`; returns the grains in which the user
  /// was new.
  @inlinable @discardableResult public func unique(
    _ item: Item, _ series: Series, hour: Int32? = nil, firstTime: Bool = false
  ) -> Grains {
    withUnsafePointer(to: series.abi) { named in
      Grains(
        rawValue: uniqueFunction(ctx, item.place, named, hour ?? item.hour, firstTime ? 1 : 0))
    }
  }

  /// The plugin's cell of the item's user, 8-byte aligned, until the next `putCell` for the same
  /// user.
  @inlinable public func cell(_ item: Item) -> UnsafeRawBufferPointer {
    let bytes = cellFunction(ctx, item.place)
    return UnsafeRawBufferPointer(start: bytes.ptr, count: Int(bytes.len))
  }

  /// The cell as a value of fixed layout; nil when there is none or it is shorter.
  @inlinable public func cell<Value: BitwiseCopyable>(_ item: Item, as type: Value.Type) -> Value? {
    let bytes = cell(item)
    return bytes.count < MemoryLayout<Value>.size ? nil : bytes.loadUnaligned(as: Value.self)
  }

  @inlinable public func putCell(_ item: Item, _ bytes: UnsafeRawBufferPointer) {
    cellPutFunction(ctx, item.place, tally_bytes(bytes))
  }

  /// Writes a value of fixed layout, which must have no padding inside.
  @inlinable public func putCell<Value: BitwiseCopyable>(_ item: Item, _ value: Value) {
    withUnsafeBytes(of: value) { putCell(item, $0) }
  }

  /// Says the plugin's fact about the item to the hooks behind it; at most 4 096 bytes.
  @inlinable public func fact(_ item: Item, _ bytes: UnsafeRawBufferPointer) {
    factFunction(ctx, item.place, tally_bytes(bytes))
  }

  /// Appends a row to a table.
  @inlinable public func row(
    _ item: Item, _ table: Table, key: Text, _ payload: UnsafeRawBufferPointer
  ) {
    rowFunction(ctx, item.place, table.number, key.abi, tally_bytes(payload))
  }

  /// Sends a payload to a shared document: `reduce` folds it after the hooks, in the same
  /// transaction.
  @inlinable public func emit(
    _ item: Item, _ collection: Collection, key: Text, _ payload: UnsafeRawBufferPointer
  ) {
    emitFunction(ctx, item.place, collection.number, key.abi, tally_bytes(payload))
  }
}

extension tally_bytes {
  @inlinable init(_ bytes: UnsafeRawBufferPointer) {
    self.init(ptr: bytes.isEmpty ? nil : bytes.baseAddress, len: UInt64(bytes.count))
  }
}
