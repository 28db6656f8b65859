import Glibc

/// How long tests wait for what must come.
package enum Patience {
  /// Far more than any machine needs, busy or with a slow disk: it ends a test whose condition never
  /// holds, and judges nothing.
  package static let seconds = 120.0

  /// Whether it holds at last.
  package static func wait<Failure>(
    everyMilliseconds: UInt32 = 2, until holds: () throws(Failure) -> Bool
  ) throws(Failure) -> Bool {
    var left = Countdown(seconds)
    while !left.isOver {
      if try holds() { return true }
      usleep(everyMilliseconds * 1_000)
    }
    return try holds()
  }

  /// Seconds of a test that runs: while it is stopped, with the server it waits for, they stand still.
  package struct Countdown {
    /// Longer than anybody is between two looks who was not stopped.
    private static let stepMax = 15.0

    private var left: Double
    private var looked = Clock.now

    package init(_ seconds: Double) { left = seconds }

    package var isOver: Bool {
      mutating get {
        let now = Clock.now
        left -= min(now - looked, Self.stepMax)
        looked = now
        return left <= 0
      }
    }
  }
}
