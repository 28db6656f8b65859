/// The main transaction: what services add to it.
extension WriterStatements {
  func write(services rows: ServiceRows) throws(StoreError) {
    for record in rows.added {
      bind(outboxRow, record.id)
      outboxRow.bind(5, Int64(record.app))
      outboxRow.bind(6, Int64(record.depth))
      outboxRow.bind(7, record.receivedMs)
      try record.device.withBytes { (device) throws(StoreError) in
        outboxRow.bind(8, blob: device)
        try outboxRow.run(blob: record.object, at: 9)
      }
    }
    for id in rows.settled {
      bind(settledRow, id)
      try settledRow.run()
    }
  }

  private func bind(_ statement: SQLiteStatement, _ id: OutboxID) {
    statement.bind(1, Int64(id.origin.position))
    statement.bind(2, Int64(id.origin.item))
    statement.bind(3, Int64(id.origin.plugin))
    statement.bind(4, Int64(id.place))
  }
}
