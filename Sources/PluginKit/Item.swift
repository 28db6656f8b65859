import PluginABI

/// One SDK request. Borrowed, as the batch.
public struct Item {
  @usableFromInline let batch: UnsafePointer<tally_batch>
  @usableFromInline let pointer: UnsafePointer<tally_item>
  /// Its place in the batch.
  public let place: UInt32

  @inlinable init(
    _ batch: UnsafePointer<tally_batch>, _ pointer: UnsafePointer<tally_item>, place: UInt32
  ) {
    self.batch = batch
    self.pointer = pointer
    self.place = place
  }

  /// Its place in the journal; never reused.
  @inlinable public var position: UInt64 { pointer.pointee.position }
  /// Its place inside a bulk request; 0 otherwise.
  @inlinable public var index: UInt32 { pointer.pointee.index }
  @inlinable public var app: UInt32 { pointer.pointee.app }
  /// The user's uid: short, unique in the app.
  @inlinable public var user: UInt64 { pointer.pointee.user }
  /// "Now" of this item, in Unix milliseconds.
  @inlinable public var receivedMs: Int64 { pointer.pointee.received_ms }
  /// The client's time, never later than `receivedMs`.
  @inlinable public var timestampMs: Int64 { pointer.pointee.timestamp_ms }
  /// The client's time as hours of the app's local calendar.
  @inlinable public var hour: Int32 { pointer.pointee.hour }
  /// Whether it is the first item of this user that was kept and is somebody's.
  @inlinable public var isNewUser: Bool { pointer.pointee.flags & TALLY_ITEM_NEW_USER != 0 }

  /// Whether a transform took its device id away: it counts, and says nothing about a user.
  @inlinable public var isNobodys: Bool { pointer.pointee.device_len == 0 }

  @inlinable public var device: Text {
    Text(tally_batch_text(batch, pointer.pointee.device_off, pointer.pointee.device_len))
  }
  /// The ISO code found at intake, or empty.
  @inlinable public var country: Text {
    Text(tally_batch_text(batch, pointer.pointee.country_off, pointer.pointee.country_len))
  }
  @inlinable public var city: Text {
    Text(tally_batch_text(batch, pointer.pointee.city_off, pointer.pointee.city_len))
  }

  /// Whether a country, two letters in upper case, is the app's own.
  @inlinable public func isHome(_ country: Text) -> Bool {
    country.count == 2
      && UInt32(country[0]) | UInt32(country[1]) << 8 == pointer.pointee.app_country
  }

  /// The object of the decoded parameters; those that carry JSON are already parsed.
  @inlinable public var root: Node {
    Node(batch, tally_batch_node(batch, pointer.pointee.root))
  }

  /// The object of what intake hooks said, as `<plugin>.<name>`; a null node when nothing.
  @inlinable public var notes: Node {
    Node(batch, tally_batch_node(batch, pointer.pointee.notes))
  }

  /// The entries of `events`.
  @inlinable public var events: Events {
    Events(
      batch, first: pointer.pointee.first_event,
      end: pointer.pointee.first_event + pointer.pointee.n_events)
  }

  /// The entries of one item's `events`, in order. Borrowed.
  public struct Events: Sequence, IteratorProtocol {
    @usableFromInline let batch: UnsafePointer<tally_batch>
    @usableFromInline var place: UInt32
    @usableFromInline let end: UInt32

    @inlinable init(_ batch: UnsafePointer<tally_batch>, first: UInt32, end: UInt32) {
      self.batch = batch
      place = first
      self.end = end
    }

    @inlinable public mutating func next() -> Event? {
      guard place < end else { return nil }
      defer { place += 1 }
      return Event(batch, tally_batch_event(batch, place), place: place)
    }
  }
}
