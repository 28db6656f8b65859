/// What holds of each app, asked for once: other settings make another instance of the plugin. The
/// pipeline's thread only.
final class AppCache<Value>: @unchecked Sendable {
  private let make: (_ app: UInt32) -> Value
  private var known: [UInt32: Value] = [:]
  /// Items of one app mostly stand together.
  private var last: (app: UInt32, value: Value)?

  init(_ make: @escaping (_ app: UInt32) -> Value) { self.make = make }

  subscript(app: UInt32) -> Value {
    if let last, last.app == app { return last.value }
    let value = known[app] ?? make(app)
    known[app] = value
    last = (app, value)
    return value
  }
}
