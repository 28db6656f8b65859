extension Flush {
  /// What a plugin says a user is found by, in place of all it said before.
  struct Properties: Sendable {
    let plugin: Int
    let app: UInt32
    let uid: UInt64
    let all: [UserProperty]
  }

  /// A user who is to be forgotten.
  struct Erasure: Sendable {
    let app: UInt32
    let uid: UInt64
    let device: [UInt8]
  }
}

extension WorkingSet {
  /// Sets what a user is found by, for one plugin.
  package func setProperties(user slot: Int32, plugin: Int, _ all: [UserProperty]) {
    let user = users.users[Int(slot)]
    pending.properties.append(.init(plugin: plugin, app: user.app, uid: user.uid, all: all))
  }

  /// Forgets a committed user, with everything that is kept by uid. What says the same device id
  /// later is somebody new. False when there is no such user. Between batches only.
  package func erase(app: UInt32, user uid: UInt64) throws(StoreError) -> Bool {
    if !isLogSettled { try settleLog() }
    guard uid <= CellKey.userMax, let device = try store.device(app: app, user: uid),
      !pending.erasures.contains(where: { $0.app == app && $0.uid == uid })
    else { return false }
    device.withUnsafeBytes { users.forget(app: app, device: $0) }
    pending.rows.removeAll { $0.app == app && $0.uid == uid }
    pending.properties.removeAll { $0.app == app && $0.uid == uid }
    pending.erasures.append(.init(app: app, uid: uid, device: device))
    return true
  }
}

/// What stands in place of an erased user's device id, so that the number is never given again. No
/// client can send it: it is no UTF-8.
enum ErasedDevice {
  private static let mark: UInt8 = 0xFF

  static func bytes(uid: UInt64) -> [UInt8] {
    [mark] + withUnsafeBytes(of: uid.bigEndian) { Array($0) }
  }

  static func isOne(_ device: [UInt8]) -> Bool { device.first == mark }
}

extension UserCache {
  /// Whether the user of the key is erased, though the file does not say so yet.
  var isForgotten: Bool { !forgotten.isEmpty && forgotten.contains(Array(key.bytes)) }

  /// The file has forgotten them too.
  mutating func didErase(_ users: [Flush.Erasure]) {
    for user in users {
      key.removeAll()
      key.append(user.app)
      user.device.withUnsafeBytes { key.append($0) }
      forgotten.remove(Array(key.bytes))
    }
  }

  /// Lets go of a user at once, whatever of theirs waits to be written. Their number counts as held:
  /// nobody will ever ask for it.
  mutating func forget(app: UInt32, device: UnsafeRawBufferPointer) {
    key.removeAll()
    key.append(app)
    key.append(device)
    forgotten.insert(Array(key.bytes))
    let slot = table.find(key.bytes)
    guard slot >= 0 else { return }
    let user = users[Int(slot)]
    var place = 0
    while place < user.cells.end {
      if user.cells.marks(place).contains(.dirty) { dirtyCells -= 1 }
      place = user.cells.next(place)
    }
    if user.marks.contains(.unswept) { unswept -= 1 }
    cellBytes -= user.cells.bytes
    users[Int(slot)].cells.deallocate()
    users[Int(slot)] = User()
    dirty.removeAll { $0 == slot }
    sweep?.users.removeAll { $0.slot == slot }
    table.remove(slot)
  }
}
