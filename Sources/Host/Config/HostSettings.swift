import Foundation

/// What an operator can choose about the server itself: the group `host` of plugins.yaml.
struct HostSettings: Equatable, Sendable {
  /// When a request is answered.
  enum Durability: String, CaseIterable, Sendable {
    /// After its bytes are synced to the disk.
    case fsync
    /// After its bytes are handed to the operating system: a power cut may lose the last moments.
    case os
  }

  /// Whether the library of a plugin must be pinned in plugins.yaml.
  enum PluginPinning: String, CaseIterable, Sendable {
    case optional
    case required
  }

  var listen = ListenAddress(host: "127.0.0.1", port: 8080)
  /// An absolute path once the configuration is loaded.
  /// Addresses that are not public and that plugins may reach all the same.
  var outgoingAllow = AddressPolicy()
  /// A file of authorities trusted in place of the system's.
  var outgoingAuthorities: String?
  var data = "data"
  var durability = Durability.fsync
  var eventLoops: Int
  var clientAddresses = AddressMode.keep
  /// Apps for whose clients something else holds.
  var appAddresses = AppAddresses()
  var trustedProxies = TrustedProxies()
  /// A file of places; an absolute path once the configuration is loaded.
  var placeFile: String?
  /// Empty: the address it listens on.
  var publicURL = ""
  /// What keys of members are sealed under; nil: a file in `data`. An absolute path once the
  /// configuration is loaded.
  var keyFile: String?
  var pluginPins = PluginPinning.optional
  /// Public keys (ed25519, 32 bytes) whose signatures of plugins are believed.
  var pluginKeys: [[UInt8]] = []
  var limits = Limits()

  /// One core is left to the pipeline and the writers.
  init(cores: Int) {
    eventLoops = min(max(cores - 1, 1), 64)
  }
}

extension HostSettings {
  /// What links begin with. Never what a request says about itself: that may be made up.
  var publicAddress: String { publicURL.isEmpty ? "http://\(listen.reachable)" : publicURL }

  /// The same where `api.domain` is set.
  func publicAddress(domain: String) -> String { domain.isEmpty ? publicAddress : domain }

  static func isAddress(_ text: String) -> Bool {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let parts = URLComponents(string: text)
    else { return false }
    return ["http", "https"].contains(parts.scheme ?? "") && parts.host?.isEmpty == false
      && parts.path.isEmpty && parts.user == nil && parts.query == nil && parts.fragment == nil
  }
}

/// Every bound of the server that an operator can move.
struct Limits: Equatable, Sendable {
  var headerBytesMax = 32 << 10
  var bodyBytesMax = 20 << 20
  var bodyBytesInFlightMax = 64 << 20
  var bulkItemsMax = 10_000
  var pictureBytesMax = 1 << 20
  var picturesBytesMax = 1 << 30
  var connectionsMax = 10_000
  var requestsInFlightMax = 50_000
  var idleTimeoutSeconds = 120
  var journalQueueBytesMax = 32 << 20
  var journalSegmentBytes = 16 << 20
  var diskReserveBytes = 256 << 20
  var flushIntervalMilliseconds = 1_000
  var flushKeysMax = 80_000
  var readWaitMilliseconds = 25
  var readSecondsMax = 30
  var cacheBytesMax = 56 << 20
  var rawRetentionMonths = 14
  var rawRetentionDays = 0
  /// Apps whose items go earlier.
  var appRetention = AppRetention()
  var sessionMinutes = 30
  var jobThreads = 4
  var jobGraceSeconds = 60
  var callSeconds = 10
  var catchUpPercent = 25
  var isolatedDeadlineMilliseconds = 2_000
  var isolatedComputingMilliseconds = 250
  var isolatedIntakeMilliseconds = 20
  var isolatedMemoryBytesMax = 1 << 30
}
