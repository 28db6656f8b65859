/// A key by which SDKs may identify an app: the current one, or one of before that still is good.
package struct AppKey: Equatable, Sendable {
  package let key: String
  /// When something was received under it last, as far as that is stored; 0: never.
  package let lastDataMs: Int64

  package init(key: String, lastDataMs: Int64 = 0) {
    self.key = key
    self.lastDataMs = lastDataMs
  }
}
