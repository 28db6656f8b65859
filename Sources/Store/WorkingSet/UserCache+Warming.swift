import CProcessor

/// Fetching ahead. A hundred thousand users do not fit into a processor's cache, and looking up one
/// waits for memory four times in a row: place, key, user, cells. Done for a batch of users step by
/// step, the waits of all users overlap. Only hints: nothing rests on them.
extension UserCache {
  /// First step for a user of the coming batch.
  mutating func warm(app: UInt32, device: UnsafeRawBufferPointer) {
    key.removeAll()
    key.append(app)
    key.append(device)
    let tag = table.tag(of: key.bytes)
    table.prefetchPlace(tag: tag)
    warmTags.append(tag)
  }

  /// The further steps, for all of them.
  mutating func warmUp() {
    warmSlots.removeAll(keepingCapacity: true)
    users.withUnsafeBufferPointer { users in
      guard let base = users.baseAddress else { return }
      for tag in warmTags {
        let slot = table.prefetchKey(tag: tag)
        guard slot >= 0 else { continue }
        tally_prefetch(base + Int(slot))
        warmSlots.append(slot)
      }
      for slot in warmSlots { base[Int(slot)].cells.prefetch() }
    }
    warmTags.removeAll(keepingCapacity: true)
  }
}
