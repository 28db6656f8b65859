import Foundation
import PluginRuntime
import Store

/// A user as clients see them.
struct AppUser {
  let uid: UInt64
  let device: [UInt8]
  /// With `_id`, `uid`, `did` and what plugins tell.
  let document: JSONValue
}

/// Finds users and puts their documents together. One answer's.
struct UserDirectory {
  /// Users one answer holds.
  static let listMax = 1_000
  /// Users that are looked at for a query that names nothing they are found by.
  static let scanMax = 10_000
  /// Users whose hashes are computed to find one by `_id`.
  static let hashMax = 1_000_000
  private static let sliceUsers = 500
  /// Properties that are searched for a text somebody types.
  private static let searched = ["name", "username", "email", "phone", "organization"]

  let app: UInt32
  let appKey: String
  let snapshot: Snapshot
  let portraits: Portraits
  /// Whether users are found of whom nobody was seen; in tables they are not.
  var findsHidden = false

  /// Too much would have to be read.
  struct TooMany: Error {}

  // MARK: Documents

  /// Users for whom nobody else goes on, in this order.
  private func users(_ stored: [StoredUser]) throws -> [AppUser] {
    var found: [AppUser] = []
    var rest = stored[...]
    while !rest.isEmpty {
      let some = rest.prefix(Portraits.usersMax)
      rest = rest.dropFirst(some.count)
      let told = try portraits.members(app: app, users: some.map(\.uid)) { plugin, user in
        try snapshot.ownCell(plugin: plugin, app: app, user: user)
      }
      found += try zip(some, told).map { try user($0, told: $1) }
    }
    return found
  }

  private func user(_ stored: StoredUser, told: [PortraitMember]) throws -> AppUser {
    var members: [String: JSONValue] = [:]
    for member in told {
      members[member.name] = JSONValue(String(decoding: member.json, as: UTF8.self))
    }
    if let last = try snapshot.lastMerged(app: app, into: stored.uid) {
      let merges = try snapshot.aliases(app: app, user: stored.uid).count - 1
      let device = try snapshot.user(app: app, uid: last)?.device ?? []
      members["merges"] = .number(Double(merges))
      members["merged_uid"] = .string(UserNumber.text(last))
      members["merged_did"] = .string(String(decoding: device, as: UTF8.self))
      // Whoever was told apart by somebody is somebody known.
      members["hasInfo"] = .bool(true)
    }
    members.merge(names(of: stored)) { $1 }
    return AppUser(uid: stored.uid, device: stored.device, document: .object(members))
  }

  /// What a user is called by, whoever goes on for it.
  private func names(of stored: StoredUser) -> [String: JSONValue] {
    [
      "_id": .string(UserNumber.hash(appKey: appKey, device: stored.device)),
      "uid": .string(UserNumber.text(stored.uid)),
      "did": .string(String(decoding: stored.device, as: UTF8.self)),
    ]
  }

  /// The user of that device, or the one that goes on for it.
  func user(device: String) throws -> AppUser? {
    try living(device: device).flatMap { try users([$0]).first }
  }

  private func living(device: String) throws -> StoredUser? {
    try snapshot.user(app: app, device: device).flatMap { try living(uid: $0.uid) }
  }

  /// The user with that number, or the one that goes on for it.
  private func living(uid: UInt64) throws -> StoredUser? {
    let stored = try snapshot.user(app: app, uid: snapshot.successor(app: app, user: uid))
    return stored.flatMap { $0.isHidden && !findsHidden ? nil : $0 }
  }

  // MARK: Searching

  /// Users for whom the query holds, at most so many.
  func users(_ query: UserQuery, limit: Int) throws -> [AppUser] {
    if let entry = query.entry, let found = try numbers(entry.path, entry.values) {
      return try users(found, query, limit)
    }
    return try scan(limit) { query.matches($0.document) }
  }

  /// Those who go on for some numbers, each once, where the query holds of them, also by the names
  /// of whom it led to.
  private func users(_ numbers: [UInt64], _ query: UserQuery, _ limit: Int) throws -> [AppUser] {
    var found: [AppUser] = []
    var known: Set<UInt64> = []
    var rest = numbers[...]
    while found.count < limit, !rest.isEmpty {
      let pairs = try rest.prefix(Portraits.usersMax).compactMap { number in
        try snapshot.user(app: app, uid: number).flatMap { named in
          try living(uid: number).map { (named: named, living: $0) }
        }
      }
      rest = rest.dropFirst(Portraits.usersMax)
      for (pair, user) in try zip(pairs, users(pairs.map(\.living))) where found.count < limit {
        guard case .object(let members) = user.document else { continue }
        let asNamed = JSONValue.object(members.merging(names(of: pair.named)) { $1 })
        guard query.matches(user.document) || query.matches(asNamed),
          known.insert(user.uid).inserted
        else { continue }
        found.append(user)
      }
    }
    return found
  }

  /// Users by what somebody types: the beginning of a property, a device id or a number.
  func users(text: String, limit: Int) throws -> [AppUser] {
    var found: [StoredUser] = []
    var known: Set<UInt64> = []
    func take(_ user: StoredUser?) {
      if let user, known.insert(user.uid).inserted { found.append(user) }
    }
    take(try living(device: text))
    if let uid = UserNumber.number(text) { take(try living(uid: uid)) }
    for property in Self.searched where found.count < limit {
      let numbers = try snapshot.users(
        app: app, property: property, prefix: text.lowercased(), limit: limit)
      for uid in numbers where found.count < limit && !known.contains(uid) {
        take(try living(uid: uid))
      }
    }
    return try users(found)
  }

  /// A page of all users, newest first.
  func page(from start: Int, length: Int) throws -> [AppUser] {
    var (before, skipped) = (UInt64.max, 0)
    while skipped < start {
      let slice = try snapshot.users(
        app: app, before: before, limit: min(Self.sliceUsers, start - skipped))
      guard let last = slice.last else { return [] }
      (before, skipped) = (last.uid, skipped + slice.count)
    }
    return try users(snapshot.users(app: app, before: before, limit: length))
  }

  /// The users a value leads to; nil when nothing leads there from that path.
  private func numbers(_ path: String, _ values: [JSONValue]) throws -> [UInt64]? {
    switch path {
    case "uid": return values.compactMap { $0.string.flatMap(UserNumber.number) }
    case "did":
      return try values.compactMap {
        try $0.string.flatMap { try snapshot.user(app: app, device: $0)?.uid }
      }
    case "_id": return try hashed(Set(values.compactMap(\.string)))
    default: break
    }
    guard try snapshot.isSearched(app: app, property: path) else { return nil }
    var found: [UInt64] = []
    for value in values {
      let text = value.string ?? value.text(escaping: false)
      found += try snapshot.users(
        app: app, property: path, value: Self.indexed(text), limit: Self.scanMax + 1)
      guard found.count <= Self.scanMax else { throw TooMany() }
    }
    return Array(Set(found)).sorted()
  }

  /// As plugins write what users are found by.
  private static func indexed(_ text: String) -> String {
    let lower = Array(text.lowercased().utf8)
    guard lower.count > UserProperty.valueBytesMax else { return text.lowercased() }
    var end = UserProperty.valueBytesMax
    while end > 0, lower[end] & 0xC0 == 0x80 { end -= 1 }
    return String(decoding: lower[..<end], as: UTF8.self)
  }

  private func hashed(_ wanted: Set<String>) throws -> [UInt64] {
    var found: [UInt64] = []
    var (before, seen) = (UInt64.max, 0)
    while found.count < wanted.count, seen < Self.hashMax {
      let slice = try snapshot.users(
        app: app, before: before, limit: Self.sliceUsers, withMerged: true)
      guard let last = slice.last else { break }
      found += slice.filter {
        wanted.contains(UserNumber.hash(appKey: appKey, device: $0.device))
      }.map(\.uid)
      (before, seen) = (last.uid, seen + slice.count)
    }
    return found
  }

  private func scan(_ limit: Int, _ isMeant: (AppUser) -> Bool) throws -> [AppUser] {
    guard try snapshot.userCount(app: app) <= Self.scanMax else { throw TooMany() }
    var found: [AppUser] = []
    var before = UInt64.max
    while found.count < limit {
      let slice = try snapshot.users(app: app, before: before, limit: Portraits.usersMax)
      guard let last = slice.last else { break }
      found += try users(slice).filter(isMeant).prefix(limit - found.count)
      before = last.uid
    }
    return found
  }
}

extension JSONValue {
  var string: String? { if case .string(let text) = self { text } else { nil } }
}
