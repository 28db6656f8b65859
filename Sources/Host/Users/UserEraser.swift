import Foundation
import Logging
import PluginRuntime
import Store

/// Takes users whom the tables have forgotten out of everything else: raw items, dead letters,
/// exports, write-ahead logs and the journal; tells plugins, again when a crash came between. Any
/// thread; one at a time. What a crash interrupts goes on with the next start.
final class UserEraser: Sendable {
  private static let patience = Duration.seconds(10)
  /// Readers are in the way of emptying a log for as long as their snapshot lasts.
  private static let triesMax = 50
  private static let pauseSeconds = 0.02
  /// How long a start waits until what it found is committed.
  private static let commitSecondsMax = 600.0

  private let store: Store
  private let services: HostServices
  private let exports: UserExports
  private let pictures: PictureFolder
  private let registry: AppRegistry
  private let happenings: LifecycleQueue
  private let log: Logger
  private let oneByOne = NSLock()

  init(core: Core, exports: UserExports) {
    store = core.store
    services = core.services
    registry = core.registry
    happenings = core.runtime.happenings
    log = core.log
    pictures = core.pictures
    self.exports = exports
  }

  /// Goes on with what a crash left. An erasure may be among what was accepted and not committed:
  /// begins when all that is durable now is. Blocks as long as that takes, within its limit.
  func resume(_ gate: CommitGate, durable: UInt64) {
    if !gate.wait(through: durable, seconds: Self.commitSecondsMax) {
      log.error(
        "what the journal held is still not counted; erasures in it are completed with the next one",
        metadata: ["position": "\(durable)", "seconds": "\(Int(Self.commitSecondsMax))"])
    }
    // Of one that ended, the write-ahead logs may still have to be emptied.
    run(emptiesLogs: true)
  }

  /// Goes on with every erasure that has begun.
  func run(emptiesLogs: Bool = false) {
    oneByOne.withLock {
      do {
        let pending = try store.pendingErasures()
        for user in pending { try erase(user) }
        if !pending.isEmpty { try finish(pending) }
        if emptiesLogs || !pending.isEmpty { try emptyLogs() }
      } catch {
        log.error(
          "an erasure is not complete; it goes on with the next one, and with the next start",
          metadata: ["reason": "\(error)"])
      }
    }
  }

  private func erase(_ user: PendingErasure) throws {
    let appID = registry.snapshot.byNumber[user.app]?.hexID ?? ""
    var gone = LifecycleQueue.Event(.userDeleted, atMs: Clock.system.nowMs)
    (gone.app, gone.appID, gone.user) = (user.app, appID, user.uid)
    happenings.post(gone)
    try store.eraseRaw(user)
    let device = String(decoding: user.device, as: UTF8.self)
    let letters = try store.deadLetters(limit: .max).letters.filter {
      $0.app == user.app && DeadLetterReport.Request($0.body)?.deviceID == device
    }
    _ = try store.dropDeadLetters(letters.map(\.id))
    exports.remove(appID: appID, uid: user.uid)
    pictures.remove(appID: appID, device: user.device)
  }

  /// The journal's segments with the users' requests are trimmed behind the commit of an entry in
  /// another segment; then nothing needs their device ids any more.
  private func finish(_ users: [PendingErasure]) throws {
    services.turnJournal()
    let turned = services.submit(
      SubmittedCommand(
        plugin: HostCommand.owner, name: HostCommand.turnJournal.rawValue, app: 0, device: [],
        payload: [], timeout: Self.patience))
    guard turned.status == Status.ok else {
      throw StoreError(.failed, "the journal was not turned: \(turned.reason)")
    }
    for user in users { try store.endErasure(of: user) }
  }

  private func emptyLogs() throws {
    for _ in 0..<Self.triesMax {
      if try store.emptyLogs() { return }
      Thread.sleep(forTimeInterval: Self.pauseSeconds)
    }
    log.warning("somebody reads for long; write-ahead logs are emptied later")
  }
}
