import PluginABI

/// Numbers for member names, found in one step: for hooks that look for one of many.
public struct KeyTable: Sendable {
  @usableFromInline let tags: [UInt8]

  /// A number other than 0 for each name.
  public init(_ pairs: [(key: Key, tag: UInt8)]) {
    var tags = [UInt8](repeating: 0, count: 1 + (pairs.map { Int($0.key.id) }.max() ?? 0))
    for (key, tag) in pairs { tags[Int(key.id)] = tag }
    self.tags = tags
  }

  /// The number of a member's name; 0 when it has none.
  @inlinable public subscript(node: Node) -> UInt8 {
    let key = Int(node.pointer.pointee.key)
    return key < tags.count && key > 0 ? tags[key] : 0
  }
}
