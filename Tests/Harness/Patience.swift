import Glibc

/// How long tests wait for what must come.
package enum Patience {
  /// Far more than any machine needs, busy or with a slow disk: it ends a test whose condition never
  /// holds, and judges nothing.
  package static let seconds = 120.0

  /// Whether it holds at last.
  package static func wait(until holds: () throws -> Bool) rethrows -> Bool {
    let deadline = Clock.now + seconds
    while Clock.now < deadline {
      if try holds() { return true }
      usleep(2_000)
    }
    return try holds()
  }
}
