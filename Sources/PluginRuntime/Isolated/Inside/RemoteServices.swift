import Foundation
import PluginABI

/// What carries calls of services from a thread of a runner to the host.
protocol Conversation: AnyObject {
  /// What the call came to; nil when the host gives nothing any more.
  func ask(_ frame: [UInt8]) -> [UInt8]?
}

/// The services of a plugin in a runner: each call is a message to the host, on the conversation that
/// the calling thread is having with it. `RemoteServices+Tables.swift` builds the tables.
final class RemoteServices: @unchecked Sendable {
  typealias Apply = CommandHandler.Apply

  /// Tables the plugin gets.
  let tables = ServiceTables()
  private let lock = NSLock()
  private var conversations: [pthread_t: any Conversation] = [:]
  private var commands: [String: Apply] = [:]
  private var jobs: [String: RunJob] = [:]
  private var counters: Set<UInt32> = []
  private var changes: [UInt32: MetricChange] = [:]
  private var appIDs: [UInt32: String] = [:]
  /// Services this host has; empty where it has none.
  private let isOffered: Bool

  init(isOffered: Bool) {
    self.isOffered = isOffered
    tables.fillRemote(ctx: Unmanaged.passRetained(self).toOpaque())
  }

  static func from(_ ctx: UnsafeMutableRawPointer?) -> RemoteServices? {
    ctx.map { Unmanaged<RemoteServices>.fromOpaque($0).takeUnretainedValue() }
  }

  func table(_ name: String, minRevision: UInt32) -> UnsafeRawPointer? {
    guard isOffered, let service = Service(id: name), minRevision <= Service.revision else {
      return nil
    }
    return tables.pointer(service)
  }

  /// The calling thread speaks with the host in this conversation from here on.
  func speak(_ conversation: any Conversation) {
    lock.withLock { conversations[pthread_self()] = conversation }
  }

  // MARK: Calls

  /// One call; `read` gets what it handed out.
  func call(
    _ frame: ServiceFrame, _ error: UnsafePointer<tally_error>?,
    _ read: (tally_status, inout WireReader) throws(WireDamage) -> Void = { _, _ in }
  ) -> tally_status {
    guard let conversation = lock.withLock({ conversations[pthread_self()] }) else {
      Self.leave(
        "threads of the plugin's own reach no services in the isolated lane; call from a hook, a "
          + "request or a job, or set mode: inproc", in: error)
      return TALLY_UNSUPPORTED
    }
    guard let bytes = conversation.ask(frame.bytes) else {
      Self.leave("the host refuses this call already", in: error)
      return TALLY_FAILED
    }
    return bytes.withUnsafeBytes { bytes in
      var reader = WireReader(bytes)
      do throws(WireDamage) {
        let status = tally_status(truncatingIfNeeded: Int64(bitPattern: try reader.word()))
        let reason = try reader.text()
        if status != TALLY_OK { Self.leave(reason, in: error) }
        try read(status, &reader)
        return status
      } catch { return TALLY_FAILED }
    }
  }

  private static func leave(_ reason: String, in error: UnsafePointer<tally_error>?) {
    guard let error, let set = error.pointee.set else { return }
    Array(reason.utf8).withTallyText { set(error.pointee.ctx, $0) }
  }

  /// The number of a member name; 0 when there are too many.
  func intern(_ name: [UInt8]) -> UInt32 {
    var frame = ServiceFrame(.intern)
    name.withUnsafeBytes { frame.put($0) }
    var number: UInt64 = 0
    _ = call(frame, nil) { status, reader throws(WireDamage) in
      if status == TALLY_OK { number = try reader.word() }
    }
    return UInt32(truncatingIfNeeded: number)
  }

  /// The public id of an app; asked once.
  func appID(_ app: UInt32) -> String? {
    if let known = lock.withLock({ appIDs[app] }) { return known }
    var frame = ServiceFrame(.appID)
    frame.put(UInt64(app))
    var id: String?
    _ = call(frame, nil) { status, reader throws(WireDamage) in
      if status == TALLY_OK { id = try reader.text() }
    }
    if let id { lock.withLock { appIDs[app] = id } }
    return id
  }

  // MARK: What the plugin defined

  func define(command name: String, _ apply: @escaping Apply) {
    lock.withLock { commands[name] = apply }
  }

  func define(job name: String, _ run: @escaping RunJob) { lock.withLock { jobs[name] = run } }

  func command(_ name: String) -> Apply? { lock.withLock { commands[name] } }

  func job(_ name: String) -> RunJob? { lock.withLock { jobs[name] } }

  var hasJobs: Bool { lock.withLock { !jobs.isEmpty } }

  // MARK: Numbers

  func define(metric: UInt32, isCounter: Bool) {
    if isCounter { lock.withLock { _ = counters.insert(metric) } }
  }

  /// Kept until the runner next speaks: a number is not worth a message.
  func add(_ metric: UInt32, _ amount: Int64) {
    change(metric) { change, isCounter in
      if !isCounter || amount >= 0 { change.delta &+= amount }
    }
  }

  func set(_ metric: UInt32, _ amount: Int64) {
    change(metric) { change, isCounter in
      if !isCounter { (change.value, change.delta) = (amount, 0) }
    }
  }

  private func change(_ metric: UInt32, _ body: (inout MetricChange, Bool) -> Void) {
    lock.withLock {
      guard changes[metric] != nil || changes.count < MetricChange.changesMax else { return }
      body(&changes[metric, default: MetricChange(metric: metric)], counters.contains(metric))
    }
  }

  /// Writes what became of the numbers since the last time.
  func writeChanges(to writer: inout WireWriter) {
    let taken = lock.withLock {
      defer { changes.removeAll(keepingCapacity: true) }
      return changes.values.sorted { $0.metric < $1.metric }
    }
    writer.put(UInt64(taken.count))
    for change in taken {
      writer.put(change.metric, change.value == nil ? 0 : 1)
      writer.put(UInt64(bitPattern: change.value ?? 0))
      writer.put(UInt64(bitPattern: change.delta))
    }
  }
}

extension Wire {
  /// Room for the end of a message: what was refused, and what became of numbers.
  static let trailerBytes = 256 + MetricChange.changesMax * 24

  static func writeChanges(of services: RemoteServices?, to writer: inout WireWriter) {
    guard let services else { return writer.put(0) }
    services.writeChanges(to: &writer)
  }
}

/// The conversation in which a plugin is created, enrolled and started.
final class BeginConversation: Conversation {
  private let exchange: RunnerExchange

  init(_ exchange: RunnerExchange) {
    self.exchange = exchange
  }

  func ask(_ frame: [UInt8]) -> [UInt8]? {
    frame.withUnsafeBytes { exchange.writer.put($0) }
    guard !exchange.writer.isFull else { return nil }
    var given = exchange.ask()
    return (try? given.data()).map { Array($0) }
  }
}
