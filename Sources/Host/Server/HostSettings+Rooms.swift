import Journal
import PluginRuntime
import Store

extension Lifecycle {
  /// Keeps its copies of code, and what was judged, in the data folder.
  convenience init(_ runtime: PluginRuntime, data: String) throws {
    let verdicts = data + "/rolled-back.json"
    self.init(
      runtime: runtime, cache: try CodeCache(folder: data + "/cache", verdictsPath: verdicts),
      verdictsPath: verdicts, quarantinePath: data + "/quarantined.json",
      now: { Clock.monotonicSeconds })
  }
}

extension TrustPolicy {
  init(_ host: HostSettings) {
    self.init(keys: host.pluginKeys, isPinRequired: host.pluginPins == .required)
  }
}

extension HostSettings {
  /// Where is remembered what ended the process.
  var suspectsPath: String { data + "/suspects.json" }
  /// Where a safe start, which runs no plugin, leaves what the next start judges them for.
  var accusedPath: String { data + "/accused.json" }
}

/// What an operator chose, in the words of the rooms that obey it.
extension JournalConfiguration {
  /// An entry is at most a little larger than the body it came from.
  private static let entryBytesMax = 24 << 20

  init(_ host: HostSettings, faults: FaultPoints) {
    self.init(
      directory: host.data + "/journal",
      durability: host.durability == .fsync ? .fsync : .os,
      segmentBytes: host.limits.journalSegmentBytes,
      queueBytesMax: host.limits.journalQueueBytesMax,
      entryBytesMax: max(Self.entryBytesMax, host.limits.bodyBytesMax * 2),
      diskReserveBytes: host.limits.diskReserveBytes,
      faultPoint: faults.journalFaultPoint)
  }
}

extension PictureFolder {
  convenience init(_ host: HostSettings) {
    self.init(
      data: host.data, pictureBytesMax: host.limits.pictureBytesMax,
      bytesMax: host.limits.picturesBytesMax, isSynced: host.durability == .fsync)
  }
}

extension StoreTuning {
  init(_ host: HostSettings) {
    self.init()
    readLimit = .seconds(host.limits.readSecondsMax)
    keyFile = host.keyFile
  }
}

extension HTTPServer.Configuration {
  init(_ host: HostSettings, places: PlaceBook?, pictures: PictureFolder) {
    self.init(host: host.listen.host, port: host.listen.port)
    eventLoops = host.eventLoops
    limits.headerBytesMax = host.limits.headerBytesMax
    limits.bodyBytesMax = host.limits.bodyBytesMax
    limits.bodyMemoryBytesMax = host.limits.bodyBytesInFlightMax
    limits.connectionsMax = host.limits.connectionsMax
    limits.requestsInFlightMax = host.limits.requestsInFlightMax
    intake.limits.bulkItemsMax = host.limits.bulkItemsMax
    intake.proxies = host.trustedProxies
    intake.places = places
    intake.pictures = pictures
    limits.idleTimeout = .seconds(Int64(host.limits.idleTimeoutSeconds))
  }
}

extension HostSettings {
  /// The bounds of isolated plugins.
  var isolation: IsolationPlan.Limits {
    var bounds = IsolationPlan.Limits()
    bounds.hookDeadline = .milliseconds(limits.isolatedDeadlineMilliseconds)
    bounds.hookComputing = .milliseconds(limits.isolatedComputingMilliseconds)
    bounds.intakeDeadline = .milliseconds(limits.isolatedIntakeMilliseconds)
    bounds.addressSpaceBytesMax = UInt64(limits.isolatedMemoryBytesMax)
    return bounds
  }
}

extension AppView {
  init(_ app: App, _ host: HostSettings, _ spaces: ConfigurationSpaces? = nil) {
    self.init(
      number: app.number, hexID: app.hex, keys: app.keys, salt: app.salt, isPaused: app.isPaused,
      isLocked: app.isLocked, redirectURL: app.redirectURL,
      addresses: host.appAddresses.modes[app.hex] ?? host.clientAddresses,
      isSafe: spaces?.flag(.safe, of: app) ?? false)
  }
}

extension FaultPoints {
  /// What the journal calls at its points; nil when no fault lies there.
  var journalFaultPoint: (@Sendable (JournalFault) -> Void)? {
    guard isArmed(.afterAppend) || isArmed(.afterSync) || isArmed(.beforeTrim) else { return nil }
    return { self.pass($0) }
  }

  private func pass(_ fault: JournalFault) {
    switch fault {
    case .afterAppend: pass(Place.afterAppend)
    case .afterSync: pass(Place.afterSync)
    case .beforeTrim: pass(Place.beforeTrim)
    case .afterWrite: break
    }
  }
}
