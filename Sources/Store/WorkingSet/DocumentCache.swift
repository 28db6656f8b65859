/// Documents that many users share, as the next commit will say.
struct DocumentCache: ~Copyable {
  /// The reason under which documents over their limit are counted.
  static let limitReason = "limit:document"

  private struct Document {
    var body: [UInt8]?
    var plugin: Int = 0
    var app: UInt32 = 0
    var collection: [UInt8] = []
    var key: [UInt8] = []
    var generation: UInt64 = 0
    var isDirty = false
    var isRecent = true

    var bytes: Int {
      MemoryLayout<Document>.stride + (body?.capacity ?? 0) + collection.count + key.count
    }
  }

  private struct Collection: Hashable {
    let plugin: Int
    let app: UInt32
    let name: [UInt8]
  }

  private var table = ByteTable()
  private var documents: ContiguousArray<Document> = []
  private var key = KeyBuffer()
  private var dirty: ContiguousArray<Int32> = []
  private var documentBytes = 0
  private var hand: Int32 = 0
  /// Documents there are, of collections somebody wanted to add one to.
  private var counts: [Collection: Int] = [:]

  var bytes: Int { table.bytes + documentBytes }
  var dirtyCount: Int { dirty.count }

  /// A document's body; nil when there is none.
  mutating func body(
    plugin: Int, app: UInt32, collection: String, key: [UInt8], reader: StateReader
  ) throws(StoreError) -> [UInt8]? {
    documents[Int(try slot(plugin, app, Array(collection.utf8), key, reader))].body
  }

  /// Sets a body; false when that would be one document too many, and nothing was changed.
  mutating func set(
    plugin: Int, app: UInt32, collection: String, key: [UInt8], _ body: [UInt8], limit: Int,
    reader: StateReader
  ) throws(StoreError) -> Bool {
    let name = Array(collection.utf8)
    let slot = Int(try slot(plugin, app, name, key, reader))
    if documents[slot].body == nil {
      let owner = Collection(plugin: plugin, app: app, name: name)
      let count = try count(owner, reader)
      guard count < limit else { return false }
      counts[owner] = count + 1
    }
    let before = documents[slot].bytes
    documents[slot].body = body
    documentBytes += documents[slot].bytes - before
    if !documents[slot].isDirty {
      documents[slot].isDirty = true
      dirty.append(Int32(slot))
    }
    return true
  }

  private mutating func count(
    _ owner: Collection, _ reader: StateReader
  ) throws(StoreError) -> Int {
    if let known = counts[owner] { return known }
    let count = try reader.documents(plugin: owner.plugin, app: owner.app, collection: owner.name)
    counts[owner] = count
    return count
  }

  private mutating func slot(
    _ plugin: Int, _ app: UInt32, _ collection: [UInt8], _ name: [UInt8], _ reader: StateReader
  ) throws(StoreError) -> Int32 {
    key.removeAll()
    key.append(app)
    key.append(UInt32(plugin))
    key.append(UInt32(collection.count))
    collection.withUnsafeBytes { key.append($0) }
    name.withUnsafeBytes { key.append($0) }
    let known = table.find(key.bytes)
    if known >= 0 {
      documents[Int(known)].isRecent = true
      return known
    }
    let body = try reader.document(plugin: plugin, app: app, collection: collection, key: name)
    let document = Document(
      body: body, plugin: plugin, app: app, collection: collection, key: name)
    let slot = table.insert(key.bytes)
    if Int(slot) == documents.count {
      documents.append(document)
    } else {
      documents[Int(slot)] = document
    }
    documentBytes += document.bytes
    return slot
  }

  mutating func take(into flush: inout Flush) {
    for slot in dirty {
      documents[Int(slot)].isDirty = false
      documents[Int(slot)].generation = flush.generation
      let document = documents[Int(slot)]
      flush.documents.append(
        .init(
          plugin: document.plugin, app: document.app, collection: document.collection,
          key: document.key, body: document.body ?? []))
    }
    dirty.removeAll(keepingCapacity: true)
    flush.documents.sort {
      if ($0.plugin, $0.app) != ($1.plugin, $1.app) {
        return ($0.plugin, $0.app) < ($1.plugin, $1.app)
      }
      if $0.collection != $1.collection {
        return $0.collection.lexicographicallyPrecedes($1.collection)
      }
      return $0.key.lexicographicallyPrecedes($1.key)
    }
  }

  /// Lets go of documents nobody used since the last time around, until the memory is back below
  /// `bytesMax`.
  mutating func evict(bytesMax: Int, committed: UInt64) {
    var looks = 2 * table.slotsEnd
    while bytes > bytesMax, looks > 0 {
      looks -= 1
      if Int(hand) >= table.slotsEnd { hand = 0 }
      let slot = hand
      hand += 1
      guard table.isUsed(slot), !documents[Int(slot)].isDirty,
        documents[Int(slot)].generation <= committed
      else { continue }
      if documents[Int(slot)].isRecent {
        documents[Int(slot)].isRecent = false
      } else {
        documentBytes -= documents[Int(slot)].bytes
        documents[Int(slot)] = Document()
        table.remove(slot)
      }
    }
    table.compactIfWorthwhile()
  }

  mutating func removeAll() {
    self = DocumentCache()
  }
}
