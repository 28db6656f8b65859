/// Who gives member names their numbers, and builds batches with them.
package protocol MemberNames: AnyObject {
  /// The number of a name in every batch from here on; 0 when there are too many.
  func declare(_ name: [UInt8]) -> UInt32
}

/// The member names of a test, numbered as they are asked for.
package final class TestNames: MemberNames {
  /// Names beyond this are refused, to see what a plugin does without them.
  private let limit: Int
  package private(set) var all: [String] = []

  package init(limit: Int = 4_095) {
    self.limit = limit
  }

  package func declare(_ name: [UInt8]) -> UInt32 {
    let text = String(decoding: name, as: UTF8.self)
    if let place = all.firstIndex(of: text) { return UInt32(place + 1) }
    guard all.count < limit else { return 0 }
    all.append(text)
    return UInt32(all.count)
  }
}
