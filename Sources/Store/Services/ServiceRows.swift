/// The item a record descends from, and the plugin that made it.
package struct RecordOrigin: Hashable, Sendable {
  package let plugin: Int
  package let position: UInt64
  package let item: UInt32

  package init(plugin: Int, position: UInt64, item: UInt32) {
    self.plugin = plugin
    self.position = position
    self.item = item
  }
}

/// What a record in the outbox is known by: the same on every replay of its batch.
package struct OutboxID: Hashable, Sendable {
  package let origin: RecordOrigin
  /// Among the records of its origin.
  package let place: UInt32

  package init(origin: RecordOrigin, place: UInt32) {
    self.origin = origin
    self.place = place
  }
}

/// A record on its way from a hook's effects to the journal. It stays in the outbox until the
/// commit that counts it: whoever is there has not been counted.
package struct OutboxRecord: Equatable, Sendable {
  package let id: OutboxID
  package let app: UInt32
  /// Hooks through which it descends from records.
  package let depth: UInt8
  package let receivedMs: Int64
  package let device: [UInt8]
  package let object: [UInt8]

  package init(
    id: OutboxID, app: UInt32, depth: UInt8, receivedMs: Int64, device: [UInt8], object: [UInt8]
  ) {
    self.id = id
    self.app = app
    self.depth = depth
    self.receivedMs = receivedMs
    self.device = device
    self.object = object
  }
}

/// What services write in the transaction of a flush.
package struct ServiceRows: Sendable {
  package var added: [OutboxRecord] = []
  package var settled: [OutboxID] = []

  package init() {}

  package var isEmpty: Bool { added.isEmpty && settled.isEmpty }
}
