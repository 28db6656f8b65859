/// Composite keys packed into SQLite's 64-bit row number. A table keyed by its row number is
/// compared as an integer and keeps rows of up to a page in the tree, where a composite key
/// compares records and moves rows over a quarter page into overflow pages: for cells, which every
/// request rewrites, that halves what is written.

/// The row of a plugin's cell of one user: `app · uid · plugin`. All cells of a user are
/// neighbours.
package struct CellKey: Equatable, Sendable {
  package static let appMax: UInt32 = (1 << 16) - 1
  package static let userMax: UInt64 = (1 << 36) - 1
  package static let pluginMax = (1 << 11) - 1

  package let rawValue: Int64

  package init(app: UInt32, user: UInt64, plugin: Int) {
    precondition(app <= Self.appMax && user <= Self.userMax, "app or user number out of range")
    precondition(plugin >= 0 && plugin <= Self.pluginMax, "plugin number out of range")
    rawValue = Int64(app) << 47 | Int64(user) << 11 | Int64(plugin)
  }

  package init(rawValue: Int64) {
    self.rawValue = rawValue
  }

  package var app: UInt32 { UInt32(rawValue >> 47) }
  package var user: UInt64 { UInt64(rawValue >> 11) & Self.userMax }
  package var plugin: Int { Int(rawValue) & Self.pluginMax }
}

/// The row of a raw item: `position · index`, so that rows lie in the order in which they arrived.
package struct RawKey: Equatable, Sendable {
  package static let positionMax: UInt64 = (1 << 43) - 1
  /// An entry of the journal's largest size holds fewer items.
  package static let itemMax: UInt32 = (1 << 20) - 1

  package let rawValue: Int64

  package init(position: UInt64, item: UInt32) {
    precondition(
      position <= Self.positionMax && item <= Self.itemMax, "position or item out of range")
    rawValue = Int64(position) << 20 | Int64(item)
  }

  package init(rawValue: Int64) {
    self.rawValue = rawValue
  }

  package var position: UInt64 { UInt64(rawValue >> 20) }
  package var item: UInt32 { UInt32(rawValue & Int64(Self.itemMax)) }
}
