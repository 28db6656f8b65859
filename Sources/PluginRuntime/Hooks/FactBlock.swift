import Foundation
import PluginABI

/// The facts of one batch: per item a list of entries inside one pointer-free block, layout as
/// `tally_facts`. Grows between calls only, so that what a hook was handed stays where it is.
package final class FactBlock {
  private var memory: UnsafeMutableRawPointer
  private var capacity: Int
  /// Where facts lie that fit.
  private let lent: UnsafeMutableRawBufferPointer?
  private let batches: BatchMemory?
  private var used = 0
  private var items = 0

  private static let headerBytes = MemoryLayout<tally_facts>.size
  private static let entryBytes = MemoryLayout<tally_fact_entry>.size
  private static let initialBytes = 256 * 1024

  /// Facts lie in `batches` as long as they fit.
  package init(in batches: BatchMemory? = nil) {
    self.batches = batches
    lent = batches?[.facts]
    capacity = lent?.count ?? Self.initialBytes
    memory = lent?.baseAddress ?? .allocate(byteCount: capacity, alignment: 8)
  }

  deinit { release() }

  private func release() {
    if memory != lent?.baseAddress { memory.deallocate() }
  }

  /// The block as hooks read it.
  package var pointer: UnsafePointer<tally_facts> {
    UnsafePointer(memory.assumingMemoryBound(to: tally_facts.self))
  }

  /// Forgets everything and makes room for the heads of `count` items.
  package func begin(items count: Int) {
    items = count
    if let lent, let base = lent.baseAddress, memory != base {
      release()
      (memory, capacity) = (base, lent.count)
    }
    used = Self.headerBytes + (count * 4 + 7) & ~7
    reserve(0)
    memset(memory, 0, used)
    writeHeader()
  }

  /// Says `value` about an item under an interned name. O(1), amortised.
  package func append(item: Int, name: UInt32, value: UnsafeRawBufferPointer) {
    precondition(item < items, "a fact is about an item of its batch")
    let padded = (value.count + 7) & ~7
    reserve(Self.entryBytes + padded)
    let head = memory.advanced(by: Self.headerBytes + item * 4)
    let entry = tally_fact_entry(
      next_off: head.load(as: UInt32.self), name: name, len: UInt32(value.count), reserved0: 0)
    memory.storeBytes(of: entry, toByteOffset: used, as: tally_fact_entry.self)
    head.storeBytes(of: UInt32(used), as: UInt32.self)
    if let base = value.baseAddress {
      memory.advanced(by: used + Self.entryBytes).copyMemory(from: base, byteCount: value.count)
    }
    used += Self.entryBytes + padded
    writeHeader()
  }

  /// Calls `body` with each fact about an item, newest first.
  package func forEach(item: Int, _ body: (_ name: UInt32, _ value: UnsafeRawBufferPointer) -> Void)
  {
    var offset = memory.load(fromByteOffset: Self.headerBytes + item * 4, as: UInt32.self)
    while offset != 0 {
      let entry = memory.load(fromByteOffset: Int(offset), as: tally_fact_entry.self)
      let start = memory.advanced(by: Int(offset) + Self.entryBytes)
      body(entry.name, UnsafeRawBufferPointer(start: start, count: Int(entry.len)))
      offset = entry.next_off
    }
  }

  private func writeHeader() {
    let header = tally_facts(
      struct_size: UInt32(Self.headerBytes), total_size: UInt32(used), n_items: UInt32(items),
      heads_off: UInt32(Self.headerBytes))
    memory.storeBytes(of: header, as: tally_facts.self)
  }

  private func reserve(_ more: Int) {
    guard used + more > capacity else { return }
    let grown = max(capacity * 2, used + more)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 8)
    larger.copyMemory(from: memory, byteCount: min(used, capacity))
    release()
    memory = larger
    capacity = grown
  }
}
