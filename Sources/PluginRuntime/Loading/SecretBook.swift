import Synchronization

/// The secrets of all plugins, each by itself: what one may not say is no reason to keep words from
/// another, nor a way for it to find out.
package final class SecretBook: Sendable {
  private let secrets = Mutex<[String: Secrets]>([:])

  package init() {}

  /// Those of a plugin, none when it was never given any.
  func of(_ plugin: String) -> Secrets {
    secrets.withLock { secrets in
      if let known = secrets[plugin] { return known }
      let opened = Secrets()
      secrets[plugin] = opened
      return opened
    }
  }
}
