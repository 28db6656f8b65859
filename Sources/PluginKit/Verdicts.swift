import PluginABI

/// What a transform hook asks for, before any process hook sees the batch. Borrowed; what is passed
/// in is copied. All of it holds when the hook returns, none of it when the hook throws.
public struct Verdicts: ~Copyable {
  private let table: UnsafePointer<tally_verdicts>
  private let batch: UnsafePointer<tally_batch>

  init(_ table: UnsafePointer<tally_verdicts>, _ batch: UnsafePointer<tally_batch>) throws {
    guard table.pointee.struct_size >= UInt32(MemoryLayout<tally_verdicts>.size) else {
      throw PluginError(.unsupported, "the host's tally_verdicts is older than this plugin")
    }
    self.table = table
    self.batch = batch
  }

  /// Leaves the item out: nobody counts or keeps it.
  public func drop(_ item: Item) {
    table.pointee.drop?(table.pointee.ctx, item.place)
  }

  /// Leaves one event of an item out.
  public func drop(_ event: Event) {
    table.pointee.drop_event?(table.pointee.ctx, event.place)
  }

  /// Gives an object of the item a member, in place of all of that name; `json` is one JSON value.
  public func set(_ item: Item, _ object: Node, _ name: Text, json: Text) {
    table.pointee.set?(
      table.pointee.ctx, item.place, tally_node_index(batch, object.pointer), name.abi, json.abi)
  }

  /// Makes the item nobody's: hooks see it, but it makes no user and says nothing about one.
  public func disown(_ item: Item) { remove(item, item.root, "device_id") }

  /// Takes all members of that name out of an object of the item.
  public func remove(_ item: Item, _ object: Node, _ name: Text) {
    table.pointee.remove?(
      table.pointee.ctx, item.place, tally_node_index(batch, object.pointer), name.abi)
  }

  /// Appends an event, a JSON object as SDKs send it, behind the item's own.
  public func addEvent(_ item: Item, json: Text) {
    table.pointee.add_event?(table.pointee.ctx, item.place, json.abi)
  }
}
