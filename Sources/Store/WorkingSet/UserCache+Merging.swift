/// Users who turned out to be others. A merged user stays, with the cells of plugins that have not
/// come to the merge yet; its device leads to the user that goes on.
extension UserCache {
  /// What the host's cell of a merged user holds in place of hashes: who goes on. Shorter than one
  /// hash, so that nobody takes it for any.
  enum MergeMark {
    private static let bytes = 9

    enum Kind: UInt8 {
      /// It was somebody before.
      case user = 1
      /// Nothing came of its device before: it never was anything but another name.
      case name
    }

    static func write(_ uid: UInt64, _ kind: Kind) -> [UInt8] {
      withUnsafeBytes(of: uid.littleEndian) { [kind.rawValue] + $0 }
    }

    static func read(_ data: UnsafeRawBufferPointer) -> UInt64? {
      guard kind(data) != nil else { return nil }
      return UInt64(littleEndian: data.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
    }

    static func kind(_ data: UnsafeRawBufferPointer) -> Kind? {
      data.count == bytes ? Kind(rawValue: data[0]) : nil
    }
  }

  /// The user with that device id; nil when there is none. Nobody is made.
  mutating func knownUser(
    app: UInt32, device: UnsafeRawBufferPointer, reader: StateReader
  ) throws(StoreError) -> (slot: Int32, uid: UInt64)? {
    key.removeAll()
    key.append(app)
    key.append(device)
    guard let slot = try findOrLoad(app, reader) else { return nil }
    let last = try follow(slot, reader)
    return (last, users[Int(last)].uid)
  }

  /// Whether nobody ever was that device: it is only another name of a user. One name is of one
  /// user, and whoever else claims it becomes nobody by it.
  mutating func isName(
    app: UInt32, device: UnsafeRawBufferPointer, reader: StateReader
  ) throws(StoreError) -> Bool {
    key.removeAll()
    key.append(app)
    key.append(device)
    guard let slot = try findOrLoad(app, reader) else { return false }
    return MergeMark.kind(borrowedData(slot, plugin: 0)) == .name
  }

  /// The very user with that number, merged or not; nil when there is none in the file.
  mutating func slot(
    app: UInt32, uid: UInt64, reader: StateReader
  ) throws(StoreError) -> Int32? {
    guard let device = try reader.device(app: app, user: uid) else { return nil }
    key.removeAll()
    key.append(app)
    device.withUnsafeBytes { key.append($0) }
    return try findOrLoad(app, reader)
  }

  /// The user that goes on for the one in a slot, as `user` answers it. One who is hidden is new.
  mutating func successor(
    of slot: Int32, _ reader: StateReader
  ) throws(StoreError) -> (slot: Int32, uid: UInt64, isNew: Bool) {
    let last = try follow(slot, reader)
    return (last, users[Int(last)].uid, isHidden(last))
  }

  /// The user that goes on for the one in a slot. Whoever was passed on the way leads there at once
  /// from then on, so that long rows of merges are walked once.
  mutating func follow(_ slot: Int32, _ reader: StateReader) throws(StoreError) -> Int32 {
    guard users[Int(slot)].marks.contains(.merged) else { return slot }
    var passed: [Int32] = []
    var last = slot
    while users[Int(last)].marks.contains(.merged) {
      guard let next = try next(after: last, reader) else { break }
      passed.append(last)
      last = next
    }
    for slot in passed.dropLast() { point(slot, to: last) }
    users[Int(last)].marks.insert(.recent)
    return last
  }

  /// Has `from` lead to `into`, with the hashes of both. Cells of plugins stay where they are.
  mutating func merge(_ from: Int32, into: Int32) {
    let hashes = RecentHashes.union(data(from, plugin: 0), data(into, plugin: 0))
    setData(into, plugin: 0, hashes)
    users[Int(from)].marks.insert(.merged)
    point(from, to: into)
  }

  /// Has somebody new, of whom nothing is known, be another name of `into`.
  mutating func name(_ new: Int32, of into: Int32) {
    users[Int(new)].marks.insert(.merged)
    point(new, to: into, as: .name)
  }

  private mutating func point(_ slot: Int32, to last: Int32, as kind: MergeMark.Kind? = nil) {
    let kind = kind ?? MergeMark.kind(borrowedData(slot, plugin: 0)) ?? .user
    setData(slot, plugin: 0, MergeMark.write(users[Int(last)].uid, kind))
    merged[slot] = Array(table.key(last))
  }

  /// Where a merged user leads. One whose successor is gone is on its own again.
  private mutating func next(
    after slot: Int32, _ reader: StateReader
  ) throws(StoreError) -> Int32? {
    let app = users[Int(slot)].app
    if merged[slot] == nil {
      if let uid = MergeMark.read(borrowedData(slot, plugin: 0)),
        let device = try reader.device(app: app, user: uid)
      {
        merged[slot] = withUnsafeBytes(of: app) { Array($0) } + device
      }
    }
    if let target = merged[slot] {
      key.removeAll()
      target.withUnsafeBytes { key.append($0) }
      if let found = try findOrLoad(app, reader) { return found }
    }
    users[Int(slot)].marks.remove(.merged)
    merged[slot] = nil
    setData(slot, plugin: 0, [])
    return nil
  }

  /// The slot of the user whose key is in `key`; nil when there is no such user.
  private mutating func findOrLoad(
    _ app: UInt32, _ reader: StateReader
  ) throws(StoreError) -> Int32? {
    let known = table.find(key.bytes)
    guard known < 0 else {
      users[Int(known)].marks.insert(.recent)
      return known
    }
    guard !isForgotten else { return nil }
    let device = UnsafeRawBufferPointer(rebasing: key.bytes[Self.keyPrefixBytes...])
    guard try reader.user(app: app, device: device) != nil else { return nil }
    return try load(app, device, 0, reader).slot
  }
}
