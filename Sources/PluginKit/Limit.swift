/// How many there may be: a number, or that of a setting of yours, of which apps may have other
/// values.
public struct Limit: ExpressibleByIntegerLiteral, Sendable {
  let number: UInt32
  /// Empty: every app has the same.
  let setting: String

  public init(integerLiteral number: Int) { self.init(number) }

  public init(_ number: Int) {
    (self.number, setting) = (UInt32(number), "")
  }

  /// The setting is declared as a whole number, `perApp` and `restart`.
  public init(_ host: Host, setting: String) throws {
    (number, self.setting) = (UInt32(try host.int(setting)), setting)
  }
}
