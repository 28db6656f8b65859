import PluginRuntime
import Store

/// Two devices that turn out to be one user (protocol 2.6).
extension BatchCounter {
  /// Merges the user of the item's old device, when there is one, into the item's own. Hooks have
  /// then seen everything before the item with two users, and see it and all that follows with one.
  /// An old device that nobody knows yet becomes another name of the item's user, for what it sent
  /// may still come.
  func merge(
    into slot: Int32, _ item: RequestRecord.Item, _ position: UInt64, _ index: UInt32,
    receivedMs: Int64
  ) throws -> Bool {
    guard let device = oldDevice.find(in: item) else { return false }
    let key = RawKey(position: position, item: index)
    guard let old = try workingSet.knownUser(app: item.app, device: device) else {
      try workingSet.name(device, of: slot, app: item.app, key: key, atMs: receivedMs)
      return false
    }
    guard old.slot != slot, try !workingSet.isName(app: item.app, device: device) else {
      return false
    }
    try runHooks(through: position)
    let merge = MergedUser(
      app: item.app, from: old.uid, into: workingSet.uid(user: slot), key: key, atMs: receivedMs)
    dispatcher.merge(merge, from: old.slot, into: slot, isContinued: isContinued)
    workingSet.merge(merge, from: old.slot, into: slot)
    return true
  }
}
