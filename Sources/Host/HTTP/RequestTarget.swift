/// Which requests the SDK lane answers.
enum RequestTarget {
  /// The SDK path a target names, or nil. A trailing slash makes no difference.
  @inline(__always)
  static func route(of target: UnsafeRawBufferPointer) -> IntakeRequest.Route? {
    guard target.count >= 2, target[0] == UInt8(ascii: "/"), target[1] == UInt8(ascii: "i") else {
      return nil
    }
    if endsPath(target, at: 2) { return .single }
    guard HashText.starts(target, "/i/bulk"), endsPath(target, at: 7) else { return nil }
    return .bulk
  }

  @inline(__always)
  private static func endsPath(_ target: UnsafeRawBufferPointer, at index: Int) -> Bool {
    if index == target.count || target[index] == UInt8(ascii: "?") { return true }
    guard target[index] == UInt8(ascii: "/") else { return false }
    return index + 1 == target.count || target[index + 1] == UInt8(ascii: "?")
  }
}
