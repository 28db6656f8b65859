/// Two users who are one: `from` goes on as `into`, from an item on.
package struct MergedUser: Sendable, Equatable {
  package let app: UInt32
  package let from: UInt64
  package let into: UInt64
  /// The item that said so; what comes with it is the merged user's already.
  package let key: RawKey
  package let atMs: Int64

  package init(app: UInt32, from: UInt64, into: UInt64, key: RawKey, atMs: Int64) {
    self.app = app
    self.from = from
    self.into = into
    self.key = key
    self.atMs = atMs
  }
}

/// Merging users. The host's part is done at once; each plugin's cells when it comes to the item.
extension WorkingSet {
  /// The user that a device id leads to; nil when nobody has it. Nobody is made.
  package func knownUser(
    app: UInt32, device: UnsafeRawBufferPointer
  ) throws(StoreError) -> (slot: Int32, uid: UInt64)? {
    try settleLogOnce()
    return try users.knownUser(app: app, device: device, reader: reader)
  }

  /// Whether a device id is only another name of a user, though no device ever sent under it.
  package func isName(
    app: UInt32, device: UnsafeRawBufferPointer
  ) throws(StoreError) -> Bool {
    try settleLogOnce()
    return try users.isName(app: app, device: device, reader: reader)
  }

  /// Lets a device id that nobody has lead to the user in a slot: what comes of it later is that
  /// user's.
  package func name(
    _ device: UnsafeRawBufferPointer, of into: Int32, app: UInt32, key: RawKey, atMs: Int64
  ) throws(StoreError) {
    try settleLogOnce()
    let new = try users.user(app: app, device: device, nowMs: atMs, reader: reader)
    precondition(new.isNew, "a name is nobody's before it is given")
    users.name(new.slot, of: into)
    pending.merges.append(
      MergedUser(app: app, from: new.uid, into: uid(user: into), key: key, atMs: atMs))
  }

  /// The slot of the very user with that number, merged or not, of those that are committed.
  package func slot(app: UInt32, uid: UInt64) throws(StoreError) -> Int32? {
    try settleLogOnce()
    return try users.slot(app: app, uid: uid, reader: reader)
  }

  /// The number of the user in a slot.
  package func uid(user slot: Int32) -> UInt64 { users.users[Int(slot)].uid }

  /// The very user of a raw item: the one it was counted for when it came. Nil when that user is no
  /// longer there.
  package func user(
    app: UInt32, uid: UInt64, device: UnsafeRawBufferPointer
  ) throws(StoreError) -> Int32? {
    if let known = try knownUser(app: app, device: device), known.uid == uid { return known.slot }
    return try slot(app: app, uid: uid)
  }

  /// Lets the device of `from` lead to `into`, and remembers it.
  package func merge(_ merge: MergedUser, from: Int32, into: Int32) {
    precondition(from != into, "a user is not merged with itself")
    if !users.isHidden(from) { users.reveal(into, atMs: merge.atMs) }
    users.merge(from, into: into)
    pending.merges.append(merge)
  }

  /// Moves what one plugin keeps of `from` to `into`. `fold` makes one cell out of two; nil lets
  /// that of `into` stand. By what the plugin finds users goes with the cell that goes on, unless
  /// `fold` sets it.
  package func mergeCells(
    _ from: Int32, into: Int32, plugin: Int, _ fold: ([UInt8], [UInt8]) -> [UInt8]?
  ) {
    let (left, kept) = (users.data(from, plugin: plugin), users.data(into, plugin: plugin))
    if kept.isEmpty {
      moveProperties(from, into: into, plugin: plugin)
    } else {
      setProperties(user: from, plugin: plugin, [])
    }
    if !left.isEmpty {
      users.setData(into, plugin: plugin, kept.isEmpty ? left : fold(left, kept) ?? kept)
      users.setData(from, plugin: plugin, [])
    }
    let seen = users.seen(from, plugin: plugin)
    guard !seen.isEmpty else { return }
    var all = users.seen(into, plugin: plugin)
    all.formUnion(seen)
    users.setSeen(into, plugin: plugin, all)
    users.setSeen(from, plugin: plugin, SeenHours())
  }
}
