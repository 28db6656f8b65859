import PluginABI
import Store

/// Documents, rows and cells: only ever the plugin's own.
extension ReadContext {
  /// Rows handed out by one call, whatever limit the plugin names.
  static let rowsMax = 10_000

  func get(
    _ number: UInt32, _ key: tally_str, _ out: UnsafeMutablePointer<tally_bytes>?
  ) -> tally_status {
    guard let out, let collection = collection(number) else { return TALLY_INVALID }
    return reading {
      guard
        let document = try snapshot.document(
          plugin: instance.number, app: question.app, collection: collection.name,
          key: key.string ?? "")
      else { return TALLY_NOT_FOUND }
      out.pointee = keep(document)
      return TALLY_OK
    }
  }

  func list(
    _ number: UInt32, _ visitContext: UnsafeMutableRawPointer?,
    _ visit: (@convention(c) (UnsafeMutableRawPointer?, tally_str, tally_bytes) -> Int32)?
  ) -> tally_status {
    guard let visit, let collection = collection(number) else { return TALLY_INVALID }
    return reading {
      let documents = try snapshot.documents(
        plugin: instance.number, app: question.app, collection: collection.name)
      for document in documents {
        if visit(visitContext, keep(document.key), keep(document.body)) == 0 { break }
      }
      return TALLY_OK
    }
  }

  func rows(
    _ number: UInt32, _ key: tally_str, _ limit: UInt32, _ visitContext: UnsafeMutableRawPointer?,
    _ visit: (
      @convention(c) (UnsafeMutableRawPointer?, tally_str, Int64, tally_bytes) -> Int32
    )?
  ) -> tally_status {
    let tables = instance.enrollment.tables
    guard let visit, number >= 1, Int(number) <= tables.count else { return TALLY_INVALID }
    return reading {
      let rows = try snapshot.rows(
        plugin: instance.number, app: question.app, table: tables[Int(number) - 1].name,
        key: key.string ?? "", limit: min(Int(limit), Self.rowsMax))
      for row in rows {
        if visit(visitContext, keep(row.key), row.receivedMs, keep(row.payload)) == 0 { break }
      }
      return TALLY_OK
    }
  }

  func cell(_ user: UInt64, _ out: UnsafeMutablePointer<tally_bytes>?) -> tally_status {
    guard let out else { return TALLY_INVALID }
    return reading {
      guard
        let cell = try snapshot.cell(plugin: instance.number, app: question.app, user: user)
      else { return TALLY_NOT_FOUND }
      out.pointee = keep(cell)
      return TALLY_OK
    }
  }

  private func collection(_ number: UInt32) -> Enrollment.Collection? {
    let collections = instance.enrollment.collections
    return number >= 1 && Int(number) <= collections.count ? collections[Int(number) - 1] : nil
  }
}
