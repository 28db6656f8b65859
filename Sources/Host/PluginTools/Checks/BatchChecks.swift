import Foundation
import PluginABI
import PluginRuntime
import PluginTestKit

extension PluginCheck {
  private static let everydayRequests = 400
  private static let largeBatch = 5_000
  private static let largeEvents = 10_000
  private static let speedBatch = 1_000
  private static let speedRounds = 21
  private static let shownRefusals = 3

  /// What hooks do with batches.
  static let batchChecks: [PluginCheck] = [
    PluginCheck("batch.hostile", "every kind of value under every name") { try hostile($0) },
    PluginCheck("batch.sizes", "an empty batch, and very large ones") { try sizes($0) },
    PluginCheck("batch.bounds", "reads nothing outside the batch, writes nothing into it") {
      try bounds($0)
    },
    PluginCheck("repeat.same", "the same requests give the same effects") { subject in
      let first = try everyday(subject, .whole).host.contents()
      return compare(first, try everyday(subject, .whole).host.contents(), "a second time")
    },
    PluginCheck("repeat.cut", "however the batches are cut, the effects are the same") { subject in
      let whole = try everyday(subject, .whole).host.contents()
      let single = try everyday(subject, .single).host.contents()
      let drawn = try everyday(subject, .random(seed: subject.seed)).host.contents()
      return compare(whole, single, "item by item")
        + compare(whole, drawn, "cut at places drawn from seed \(subject.seed)")
    },
    PluginCheck("repeat.restart", "nothing that counts is kept in memory only") { subject in
      let whole = try everyday(subject, .whole).host.contents()
      let restarted = try everyday(subject, .whole, restartEvery: 50).host.contents()
      return compare(whole, restarted, "with restarts between batches")
    },
    PluginCheck("batch.leaks", "threads and open files stay as they are") { subject in
      let rehearsal = try everyday(subject, .single)
      let before = ProcessFacts.settled()
      try send(rehearsal, subject, seed: subject.seed &+ 1, .single)
      let after = ProcessFacts.settled(like: before)
      return after.threads > before.threads || after.descriptors > before.descriptors
        ? [
          .failure(
            "\(after.threads - before.threads) threads and "
              + "\(after.descriptors - before.descriptors) open files more after "
              + "\(everydayRequests) requests; hooks start no threads and open no files")
        ] : []
    },
    PluginCheck("batch.speed", "time per event") { try speed($0) },
  ]

  /// The names and texts that mean something to the plugin.
  static func vocabulary(_ subject: Subject, _ rehearsal: Rehearsal) throws -> [String] {
    let settings = try withProbe(subject) { $0.manifest.settings }
    let texts = settings.filter { $0.kind == .string }.map(\.defaultText)
    var seen: Set<String> = []
    return (texts + rehearsal.names).filter { !$0.isEmpty && seen.insert($0).inserted }
  }

  private static func refusals(_ rehearsal: Rehearsal) -> [Finding] {
    let refusals = rehearsal.host.refusals
    guard !refusals.isEmpty else { return [] }
    return [
      .failure(
        "\(refusals.count) items were refused and became dead letters: "
          + refusals.prefix(shownRefusals).joined(separator: "; ")
          + ". What the network sends is to be counted or passed over")
    ]
  }

  private static func hostile(_ subject: Subject) throws -> [Finding] {
    let rehearsal = try Rehearsal(subject.plugin)
    let requests = HostileRequests(names: try vocabulary(subject, rehearsal)).all
    let key = rehearsal.host.app.key
    for request in requests {
      subject.trace(request.title)
      rehearsal.send("/i?app_key=\(key)&\(request.target)")
      try rehearsal.flush()
    }
    subject.trace("all of it as one batch")
    for request in requests { rehearsal.send("/i?app_key=\(key)&again=1&\(request.target)") }
    try rehearsal.flush()
    return [.note("\(rehearsal.items) items")] + refusals(rehearsal)
  }

  private static func sizes(_ subject: Subject) throws -> [Finding] {
    let rehearsal = try Rehearsal(subject.plugin)
    subject.trace("a batch without items")
    try rehearsal.host.accept(entries: 1) {
      rehearsal.builder.begin()
      return .init(rehearsal.builder.finish(), users: [], contains: { _ in true })
    }
    let names = try vocabulary(subject, rehearsal)
    let key = names.first.map(HostileRequests.quoted) ?? #""event""#
    subject.trace("a batch of \(largeBatch) items")
    for number in 0..<largeBatch {
      rehearsal.send(
        "/i?app_key=\(rehearsal.host.app.key)&device_id=u\(number)&events=[{\"key\":\(key)}]")
    }
    try rehearsal.flush()
    subject.trace("an item of \(largeEvents) events")
    let events = (0..<largeEvents).map { #"{"key":\#(key),"count":\#($0)}"# }
    rehearsal.send(
      "/i?app_key=\(rehearsal.host.app.key)&device_id=u&events=[\(events.joined(separator: ","))]")
    try rehearsal.flush()
    return refusals(rehearsal)
  }

  /// The block ends where the next page may not be touched, and may not be written to.
  private static func bounds(_ subject: Subject) throws -> [Finding] {
    let rehearsal = try Rehearsal(subject.plugin)
    var regions: [GuardedBlock] = []
    rehearsal.substitute = { batch in
      guard let block = GuardedBlock(copying: batch) else { return batch }
      regions = [block]
      return block.batch
    }
    subject.trace("read a batch that ends at the end of its memory")
    try send(rehearsal, subject, seed: subject.seed, .random(seed: subject.seed))
    withExtendedLifetime(regions) {}
    return refusals(rehearsal)
  }

  // MARK: Everyday requests

  /// A plugin that saw the requests of the subject's seed.
  private static func everyday(
    _ subject: Subject, _ cut: Rehearsal.Cut, restartEvery: Int? = nil
  ) throws -> Rehearsal {
    let rehearsal = try Rehearsal(subject.plugin)
    subject.trace("requests of seed \(subject.seed)")
    try send(rehearsal, subject, seed: subject.seed, cut, restartEvery: restartEvery)
    return rehearsal
  }

  private static func send(
    _ rehearsal: Rehearsal, _ subject: Subject, seed: UInt64, _ cut: Rehearsal.Cut,
    restartEvery: Int? = nil
  ) throws {
    var requests = EverydayRequests(names: try vocabulary(subject, rehearsal), seed: seed)
    for number in 1...everydayRequests {
      let (target, laterMs) = requests.next()
      rehearsal.host.nowMs += laterMs
      rehearsal.send("/i?app_key=\(rehearsal.host.app.key)&\(target)")
      if let restartEvery, number % restartEvery == 0 {
        try rehearsal.restart(cut)
      }
    }
    try rehearsal.flush(cut)
    try rehearsal.host.commit()
  }

  private static func compare(_ one: [String], _ other: [String], _ how: String) -> [Finding] {
    guard one != other else { return [.note("\(one.count) lines counted")] }
    let (first, second) = (Set(one), Set(other))
    let missing = one.first { !second.contains($0) } ?? "nothing"
    let instead = other.first { !first.contains($0) } ?? "nothing"
    return [
      .failure(
        "\(how), \(second.symmetricDifference(first).count) lines differ: first \(missing), "
          + "then \(instead). What counts leaves a hook as an effect and depends on its input alone"
      )
    ]
  }

  // MARK: Speed

  /// The time of all hooks with the plugin, less that of the built-ins alone.
  private static func speed(_ subject: Subject) throws -> [Finding] {
    let with = try Rehearsal(subject.plugin)
    let names = try vocabulary(subject, with)
    let alone = try Rehearsal(nil)
    for name in with.names { _ = alone.builder.declare(Array(name.utf8)) }
    let (total, events) = try median(with, names, subject.seed)
    let (base, _) = try median(alone, names, subject.seed)
    let each = (total - base) / max(events, 1)
    return [
      .note(
        (each > 0 ? "about \(each) ns an event" : "less than can be told apart")
          + ", beside \(base / max(events, 1)) ns of the built-ins "
          + "(batches of \(speedBatch) requests, \(events) events)")
    ]
  }

  /// Nanoseconds of the median batch, and its events.
  private static func median(
    _ rehearsal: Rehearsal, _ names: [String], _ seed: UInt64
  ) throws -> (nanoseconds: Int, events: Int) {
    var requests = EverydayRequests(names: names, seed: seed)
    var times: [Int] = []
    var events = 0
    for _ in 0..<speedRounds {
      for _ in 0..<speedBatch {
        let (target, laterMs) = requests.next()
        rehearsal.host.nowMs += laterMs / 100
        rehearsal.send("/i?app_key=\(rehearsal.host.app.key)&\(target)")
      }
      try rehearsal.flush()
      times.append(rehearsal.hookNanoseconds)
      events = rehearsal.lastEvents
      try rehearsal.host.commit()
    }
    return (times.sorted()[times.count / 2], events)
  }
}

/// A copy of a batch that may only be read and behind which nothing may be touched.
final class GuardedBlock {
  let batch: UnsafeMutablePointer<tally_batch>
  private let memory: UnsafeMutableRawPointer
  private let size: Int

  init?(copying original: UnsafeMutablePointer<tally_batch>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let bytes = (Int(original.pointee.total_size) + 7) & ~7
    let pages = (bytes + page - 1) / page * page
    size = pages + page
    guard
      let memory = mmap(
        nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      memory != MAP_FAILED
    else { return nil }
    self.memory = memory
    let start = memory + (pages - bytes)
    start.copyMemory(from: original, byteCount: Int(original.pointee.total_size))
    batch = start.bindMemory(to: tally_batch.self, capacity: 1)
    mprotect(memory, pages, PROT_READ)
    mprotect(memory + pages, page, PROT_NONE)
  }

  deinit { munmap(memory, size) }
}
