import Store

extension TestHost {
  /// Has one user turn out to be another, as `old_device_id` does: plugins make one cell out of two.
  /// False when the old device is nobody's, or that user's already.
  @discardableResult
  package func merge(user old: UInt64, into new: UInt64) throws -> Bool {
    var isMerged = false
    try accept(entries: 1) {
      let into = try find(TestItem([:], user: new).device, nowMs: nowMs)
      let from = try Array(TestItem([:], user: old).device.utf8).withUnsafeBytes {
        try workingSet.knownUser(app: app.number, device: $0)
      }
      guard let from, from.slot != into.slot else { return nil }
      let merge = MergedUser(
        app: app.number, from: from.uid, into: into.uid,
        key: RawKey(position: nextPosition, item: 0), atMs: nowMs)
      dispatcher.merge(merge, from: from.slot, into: into.slot, isContinued: false)
      workingSet.merge(merge, from: from.slot, into: into.slot)
      isMerged = true
      return nil
    }
    return isMerged
  }
}
