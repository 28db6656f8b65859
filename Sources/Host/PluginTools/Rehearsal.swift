import Foundation
import PluginABI
import PluginRuntime
import PluginTestKit
import Store

/// One plugin beside the built-ins, fed with requests as SDKs send them: the real intake, the real
/// decoder, the real runtime and store, no network and no threads, and a clock that stands where it
/// is put.
final class Rehearsal {
  /// How entries that wait become batches.
  enum Cut {
    /// All in one.
    case whole
    /// Each in one of its own.
    case single
    /// At places drawn from a seed.
    case random(seed: UInt64)
  }

  let host: TestHost
  let builder: BatchBuilder
  /// Handed the block before hooks see it; answers what they see instead.
  var substitute: ((UnsafeMutablePointer<tally_batch>) -> UnsafeMutablePointer<tally_batch>)?
  /// Items that hooks saw.
  private(set) var items = 0
  /// Events of the last batch, and the time its hooks took.
  private(set) var lastEvents = 0
  private(set) var hookNanoseconds = 0
  /// The member names that plugins asked for.
  var names: [String] { seen.names }
  private let seen: SeenNames
  private let rewriter = ItemRewriter()
  private var intake: Intake
  private var entries: [[UInt8]] = []
  /// The items of the batch at hand, as they are journalled.
  private var records: [[UInt8]] = []

  init(_ plugin: TestPlugin?, timezone: String = "Etc/UTC") throws {
    builder = BatchBuilder(retentionMonths: 14)
    var options = TestHost.Options()
    options.timezone = timezone
    seen = SeenNames(builder)
    host = try TestHost(plugin.map { [$0] } ?? [], names: seen, options: options)
    intake = Self.intake(of: host)
  }

  private static func intake(of host: TestHost) -> Intake {
    let intake = Intake(
      directory: AppDirectory([AppView(host.app, HostSettings(cores: 1))]),
      configuration: IntakeConfiguration(),
      metrics: Metrics(), stage: IntakeStage(runtime: host.runtime))
    intake.origin.peer = ClientAddress("127.0.0.1")
    return intake
  }

  /// Counts what waits, ends the plugins and starts them again on what is stored.
  func restart(_ cut: Cut = .whole) throws {
    try flush(cut)
    try host.restart()
    intake = Self.intake(of: host)
  }

  // MARK: Requests

  /// Takes one request; it waits until the next question or `flush`.
  @discardableResult
  func send(_ target: String, body: String? = nil) -> ErrorReply? {
    send(Array(target.utf8), body: body.map { Array($0.utf8) })
  }

  /// Takes one request as bytes; what it is refused with.
  @discardableResult
  func send(_ target: [UInt8], body: [UInt8]? = nil) -> ErrorReply? {
    let isBulk = target.starts(with: "/i/bulk".utf8)
    return target.withUnsafeBytes { target in
      (body ?? []).withUnsafeBytes { bytes in
        let isJSON = bytes.first { $0 > 0x20 } == UInt8(ascii: "{")
        let request = IntakeRequest(
          route: isBulk ? .bulk : .single, target: target, body: body == nil ? nil : bytes,
          format: isJSON ? .json : .form, receivedMs: host.nowMs)
        do throws(IntakeRefusal) {
          try intake.admit(request)
        } catch {
          guard error.refusal == .plugin, let answer = intake.pluginRefusal else {
            return ErrorReply(error.refusal)
          }
          return ErrorReply(status: answer.status, text: answer.message)
        }
        if intake.entryItems > 0 {
          let (offset, count) = intake.entry
          entries.append(Array(intake.entries[offset..<offset + count]))
        }
        intake.removeEntries()
        return nil
      }
    }
  }

  /// Has everything that waits counted.
  func flush(_ cut: Cut = .whole) throws {
    var rest = entries[...]
    entries = []
    var generator = Seeded(cut)
    while !rest.isEmpty {
      let count: Int
      switch cut {
      case .whole: count = rest.count
      case .single: count = 1
      case .random: count = Int.random(in: 1...min(rest.count, 7), using: &generator)
      }
      try take(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
  }

  private func take(_ entries: [[UInt8]]) throws {
    var start = ContinuousClock.now
    defer {
      let passed = (ContinuousClock.now - start).components
      hookNanoseconds =
        Int(passed.seconds) * 1_000_000_000 + Int(passed.attoseconds / 1_000_000_000)
    }
    try host.accept(entries: entries.count) {
      builder.begin()
      records = []
      var users = TestUsers()
      var kept = 0
      for (place, entry) in entries.enumerated() {
        kept += try entry.withUnsafeBytes { try decode($0, place, &users) }
      }
      guard kept > 0 else { return nil }
      items += kept
      let batch = builder.finish()
      lastEvents = Int(batch.pointee.n_events)
      start = ContinuousClock.now
      return TestHost.Built(
        substitute?(batch) ?? batch, users: users.slots, contains: builder.contains,
        rebuild: rebuild)
    }
  }

  /// Lays out the items of one entry that are no repetitions; how many.
  private func decode(
    _ entry: UnsafeRawBufferPointer, _ place: Int, _ users: inout TestUsers
  ) throws -> Int {
    guard var cursor = RequestRecord.ItemCursor(entry) else { return 0 }
    var index: UInt32 = 0
    var kept = 0
    while let item = cursor.next() {
      defer { index += 1 }
      let receivedMs = cursor.header.receivedMs
      let user = try host.find(item.device, nowMs: receivedMs)
      if try host.isDuplicate(user: user.slot, hash: item.hash, receivedMs: receivedMs) { continue }
      builder.append(
        item: item, position: host.nextPosition + UInt64(place), index: index,
        isBulk: cursor.header.isBulk, receivedMs: receivedMs, uid: user.uid,
        isNewUser: user.isNew, userIndex: users.index(of: user.slot), calendar: host.calendar)
      records.append(Array(item.bytes))
      kept += 1
    }
    return kept
  }

  // MARK: What transform hooks ask for

  /// As `BatchCounter` does it: first everything is copied out of the old batch.
  private func rebuild(
    _ old: Dispatcher.Work, _ edits: BatchEdits
  ) throws -> Dispatcher.Work? {
    rewriter.begin()
    var places: [(index: Int, edited: tally_item?)] = []
    var kept: [[UInt8]] = []
    for index in records.indices {
      let item = tally_batch_item(UnsafePointer(old.batch), UInt32(index)).pointee
      let edit = edits.items[UInt32(index)]
      if edit?.isDropped == true { continue }
      places.append((index, edit == nil ? nil : item))
      kept.append(rewritten(records[index], item, old, edit))
    }
    records = kept
    guard !places.isEmpty else { return nil }
    builder.reopen()
    for (place, record) in zip(places, records) {
      if let item = place.edited { append(record, item) } else { builder.keep(place.index) }
    }
    return Dispatcher.Work(
      batch: builder.finish(), users: old.users, positions: old.positions,
      contains: builder.contains)
  }

  private func rewritten(
    _ record: [UInt8], _ item: tally_item, _ old: Dispatcher.Work, _ edit: BatchEdits.Item?
  ) -> [UInt8] {
    guard let edit else { return record }
    return record.withUnsafeBytes { bytes in
      guard let decoded = RequestRecord.Item(bytes) else { return record }
      return Array(
        rewriter.rewrite(decoded, root: item.root, in: UnsafePointer(old.batch), edit))
    }
  }

  private func append(_ record: [UInt8], _ item: tally_item) {
    record.withUnsafeBytes { bytes in
      guard let decoded = RequestRecord.Item(bytes) else {
        preconditionFailure("an item that was decoded once is decoded again")
      }
      builder.append(
        item: decoded, position: item.position, index: item.index,
        isBulk: item.flags & TALLY_ITEM_BULK != 0, receivedMs: item.received_ms, uid: item.user,
        isNewUser: item.flags & TALLY_ITEM_NEW_USER != 0, userIndex: item.user_index,
        calendar: host.calendar)
    }
  }

  // MARK: Questions

  /// The answer to a question such as `/o?method=views&period=30days`, from all that was sent. A
  /// body that is a form is taken for parameters, too.
  func ask(
    _ target: String, http: String = "GET", body: String? = nil
  ) throws -> (status: Int, body: String) {
    try flush()
    let parts = target.split(separator: "?", maxSplits: 1)
    var asked = TestHost.Asked(path: parts.first.map(String.init) ?? target)
    asked.http = http
    asked.body = Array((body ?? "").utf8)
    let isForm = body.map { !$0.hasPrefix("{") && !$0.hasPrefix("[") } ?? false
    for text in [parts.count > 1 ? String(parts[1]) : "", isForm ? body ?? "" : ""] {
      for pair in text.split(separator: "&") {
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        asked.parameters[Self.decoded(sides[0])] = sides.count > 1 ? Self.decoded(sides[1]) : ""
      }
    }
    return try host.ask(asked)
  }

  private static func decoded(_ text: Substring) -> String {
    let spaced = String(text).replacing("+", with: " ")
    return spaced.removingPercentEncoding ?? spaced
  }
}

/// The builder's names, and a list of them.
private final class SeenNames: MemberNames {
  private let builder: BatchBuilder
  private(set) var names: [String] = []

  init(_ builder: BatchBuilder) {
    self.builder = builder
  }

  func declare(_ name: [UInt8]) -> UInt32 {
    let text = String(decoding: name, as: UTF8.self)
    if !names.contains(text) { names.append(text) }
    return builder.declare(name)
  }
}

/// A small generator, so that a seed gives the same cuts on every machine.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  fileprivate init(_ cut: Rehearsal.Cut) {
    if case .random(let seed) = cut { self.init(seed: seed) } else { self.init(seed: 0) }
  }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
