extension Flush {
  /// What changes in what a plugin finds a user by.
  struct Properties: Sendable {
    enum Change: Sendable {
      /// These, in place of all it said before.
      case named([UserProperty])
      /// What it said of another user, who is this one.
      case moved(from: UInt64)
    }

    let plugin: Int
    let app: UInt32
    let uid: UInt64
    let change: Change
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
    pending.properties.append(
      .init(plugin: plugin, app: user.app, uid: user.uid, change: .named(all)))
  }

  /// Finds `into` by what one plugin found `from` by.
  func moveProperties(_ from: Int32, into: Int32, plugin: Int) {
    let (old, new) = (users.users[Int(from)], users.users[Int(into)])
    pending.properties.append(
      .init(plugin: plugin, app: new.app, uid: new.uid, change: .moved(from: old.uid)))
  }

  /// What came of an order to forget a user.
  package enum Erased: Sendable {
    case done
    case unknown
    /// One who is the same user is not committed yet: to be tried again behind a commit.
    case notYet
  }

  /// Forgets a committed user, with everything that is kept under any of the numbers of whoever
  /// turned out to be the same. What says one of their device ids later is somebody new. Between
  /// batches only.
  package func erase(app: UInt32, user uid: UInt64) throws(StoreError) -> Erased {
    try settleLogOnce()
    guard uid <= CellKey.userMax, try store.device(app: app, user: uid) != nil,
      !pending.erasures.contains(where: { $0.app == app && $0.uid == uid })
    else { return .unknown }
    let everybody = try store.everybody(
      app: app, user: uid, uncommitted: pending.mergesInFlight + pending.merges)
    var erasures: [Flush.Erasure] = []
    for uid in everybody.sorted() {
      guard let device = try store.device(app: app, user: uid) else { return .notYet }
      erasures.append(.init(app: app, uid: uid, device: device))
    }
    for erasure in erasures {
      erasure.device.withUnsafeBytes { users.forget(app: app, device: $0) }
    }
    pending.rows.removeAll { $0.app == app && everybody.contains($0.uid) }
    pending.properties.removeAll { $0.app == app && everybody.contains($0.uid) }
    pending.merges.removeAll { $0.app == app && everybody.contains($0.from) }
    pending.erasures += erasures
    return .done
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
    newUsers.removeAll { $0.slot == slot }
    sweep?.users.removeAll { $0.slot == slot }
    table.remove(slot)
  }
}
