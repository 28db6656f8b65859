import Journal
import Logging
import PluginRuntime
import Store
import Synchronization

/// What plugins reach through their service tables: the store, and the journal's front door.
final class HostServices: ServiceHost {
  /// How long a record may wait for its sync.
  private static let durabilityWait = Duration.seconds(10)

  let store: Store
  let desk: CommandDesk
  let keyValues: KeyValues
  let jobs: JobScheduler
  let client: OutgoingClient
  let clearer: AppClearer
  private let journal: Journal
  private let registry: AppRegistry
  private let members: MemberDirectory
  private let clock: Clock
  /// The pipeline is made after the plugins; nobody submits before it runs.
  private let gate = Mutex<CommitGate?>(nil)

  init(
    store: Store, journal: Journal, registry: AppRegistry, members: MemberDirectory,
    settings: HostSettings, log: Logger, clock: Clock
  ) throws(StoreError) {
    self.store = store
    self.journal = journal
    self.registry = registry
    self.members = members
    self.clock = clock
    desk = CommandDesk(journal: journal)
    clearer = AppClearer(store: store, registry: registry, log: log)
    client = OutgoingClient(
      policy: settings.outgoingAllow, certificates: settings.outgoingAuthorities)
    keyValues = try KeyValues(store: store)
    jobs = try JobScheduler(
      store: store, keyValues: keyValues, threads: settings.limits.jobThreads,
      graceMs: Int64(settings.limits.jobGraceSeconds) * 1_000, log: log, clock: { clock.nowMs })
  }

  var http: any OutgoingHTTP { client }

  func connect(_ gate: CommitGate) { self.gate.withLock { $0 = gate } }

  var nowMs: Int64 { clock.nowMs }

  func submit(_ command: SubmittedCommand) -> CommandOutcome {
    guard let gate = gate.withLock({ $0 }) else {
      return CommandOutcome(status: Status.failed, reason: "the server is still starting")
    }
    guard command.app == 0 || registry.snapshot.byNumber[command.app] != nil else {
      return CommandOutcome(status: Status.notFound, reason: "there is no app \(command.app)")
    }
    let partition = partition(app: command.app, device: command.device)
    return desk.submit(
      {
        RequestRecord.write(command, ticket: $0, receivedMs: clock.nowMs, partition: partition)
      }, timeout: command.timeout, nudge: { gate.wait(for: journal.durablePosition) })
  }

  /// Has the next entry begin a segment of the journal.
  func turnJournal() { journal.turnSegment() }

  func send(_ record: SentRecord) -> String? {
    guard registry.snapshot.byNumber[record.app] != nil else {
      return "there is no app \(record.app)"
    }
    let partition = partition(app: record.app, device: record.device)
    return desk.append(
      { _ in
        RequestRecord.write(
          app: record.app, device: record.device, object: record.object, receivedMs: clock.nowMs,
          partition: partition, outbox: nil)
      }, timeout: Self.durabilityWait)
  }

  func member(id: String) -> Member? { members.member(id: id) }

  /// As `Access` decides it; app 0 stands for no app at all.
  func may(_ member: Member, app: UInt32, feature: String, access: UInt32) -> Bool {
    let known = registry.snapshot.byNumber[app]
    guard app == 0 || known != nil, let caller = members.caller(id: member.id),
      !caller.member.isLocked, let access = Route.Access(rawValue: access)
    else { return false }
    return caller.may(Permission.Action(access), feature, app: known?.hexID)
  }

  func isObject(_ text: UnsafeRawBufferPointer) -> Bool {
    guard UTF8Text.isValid(text) else { return false }
    return (try? JSONSlices.members(of: text) { _, _ in }) ?? false
  }

  /// As intake computes it.
  func partition(app: UInt32, device: [UInt8]) -> UInt8 {
    let hexID = registry.snapshot.byNumber[app]?.hexID ?? ""
    let workspace = EntryBuffer(capacity: 128 + device.count)
    return device.withUnsafeBytes {
      RequestHash.partition(prefix: Array(hexID.utf8) + [0], device: $0, scratch: workspace)
    }
  }
}
