import PluginABI

/// What earlier hooks said about the items of the batch. Borrowed.
public struct Facts {
  @usableFromInline let pointer: UnsafePointer<tally_facts>

  @usableFromInline init(_ pointer: UnsafePointer<tally_facts>) {
    self.pointer = pointer
  }

  /// The newest fact that the plugin of that interned name said about the item; empty when none.
  @inlinable public func bytes(about item: Item, from plugin: Key) -> UnsafeRawBufferPointer {
    let found = tally_fact(pointer, item.place, plugin.id)
    return UnsafeRawBufferPointer(start: found.ptr, count: Int(found.len))
  }

  /// What the built-in "users" says; nil when it is off.
  @inlinable public func user(_ item: Item, from users: Key) -> UserFact? {
    UserFact(bytes(about: item, from: users))
  }

  /// What the built-in "sessions" says; nil when it is off.
  @inlinable public func session(_ item: Item, from sessions: Key) -> SessionFact? {
    let fact = bytes(about: item, from: sessions)
    guard fact.count >= MemoryLayout<SessionFact>.size else { return nil }
    return fact.loadUnaligned(as: SessionFact.self)
  }
}

/// What is known about a user, as the built-in "users" says it about every item. Borrowed.
public struct UserFact {
  @usableFromInline let base: UnsafeRawPointer
  @usableFromInline let size: Int

  @inlinable init?(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count >= MemoryLayout<tally_user_fact>.size else {
      return nil
    }
    self.base = base
    size = bytes.count
  }

  /// When the user was first seen, this item included.
  @inlinable public var firstSeenMs: Int64 { base.loadUnaligned(as: Int64.self) }
  /// When the user was last seen before this item; 0 when it is the first.
  @inlinable public var lastSeenMs: Int64 { base.loadUnaligned(fromByteOffset: 8, as: Int64.self) }

  /// Whether this request named the metric.
  @inlinable public func isGiven(_ metric: UserMetric) -> Bool {
    base.loadUnaligned(fromByteOffset: 16, as: UInt32.self) >> metric.rawValue & 1 != 0
  }

  /// Whether the metric differs from what was known before.
  @inlinable public func isChanged(_ metric: UserMetric) -> Bool {
    base.loadUnaligned(fromByteOffset: 20, as: UInt32.self) >> metric.rawValue & 1 != 0
  }

  /// What is known now, this request included; empty when unknown.
  @inlinable public func value(_ metric: UserMetric) -> Text {
    text(metric, offsets: 24, lengths: 56)
  }

  /// What was known before this request; empty when unknown.
  @inlinable public func oldValue(_ metric: UserMetric) -> Text {
    isChanged(metric) ? text(metric, offsets: 88, lengths: 120) : value(metric)
  }

  @inlinable func text(_ metric: UserMetric, offsets: Int, lengths: Int) -> Text {
    let place = Int(metric.rawValue) * 2
    let offset = Int(base.loadUnaligned(fromByteOffset: offsets + place, as: UInt16.self))
    let length = Int(base.loadUnaligned(fromByteOffset: lengths + place, as: UInt16.self))
    guard offset + length <= size else { return "" }
    return Text(base + offset, count: length)
  }
}

/// The metrics of a user, numbered as `TALLY_METRIC_...`.
public enum UserMetric: UInt32, CaseIterable, Sendable {
  case os = 0
  case osVersion
  case device
  case manufacturer
  case deviceType
  case resolution
  case density
  case appVersion
  case carrier
  case locale
  case language
  case browser
  case browserVersion
  case store
  case country
  case city
}
