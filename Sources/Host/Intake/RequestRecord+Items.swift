extension RequestRecord {
  /// Calls `body` with the app of every item of an entry, as the books count them: a command is no
  /// item, and bytes that make no sense are one item of no app.
  static func eachItem(of entry: UnsafeRawBufferPointer, _ body: (_ app: UInt32) -> Void) {
    if kind(of: entry) == .command { return }
    let isTailed = kind(of: entry) == .emitted
    let items = isTailed ? outboxTail(of: entry)?.entry ?? entry : entry
    guard var cursor = ItemCursor(items) else { return body(0) }
    while let item = cursor.next() { body(item.app) }
    if cursor.isDamaged { body(0) }
  }
}
