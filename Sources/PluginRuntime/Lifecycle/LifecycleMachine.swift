/// Decides what happens to plugins. A value without I/O: it is told what is wanted and what became
/// of its actions, and answers with what to do next.
///
/// A change goes through three steps: `want` asks for instances, each is told back by `started` or
/// `failed`, and `settle` makes everything that succeeded visible in one step. What fails leaves
/// what ran before.
package struct LifecycleMachine {
  /// The number of one instance; never used again.
  package typealias Serial = Int

  /// What the operator wants of one plugin.
  package struct Wanted: Sendable {
    package let name: String
    package let isEnabled: Bool
    /// What to run, or why its code cannot be run.
    package let source: Result<Source, PluginError>
    /// What the operator is told while it runs.
    package var note: String?
  }

  /// Which code with which settings. Two equal ones need no change.
  package struct Source: Equatable, Sendable {
    /// The sha256 of the code, or "built-in".
    package let code: String
    package let settings: Settings
    /// Those that an instance takes over while it runs.
    package var liveSettings: Set<String> = []

    /// Whether an instance of `other` can become this without another one.
    func canFollow(_ other: Source) -> Bool {
      code == other.code
        && settings.differences(from: other.settings).isSubset(of: liveSettings)
    }
  }

  /// What is to be done next.
  package enum Action: Equatable {
    /// Make an instance.
    case start(Serial)
    /// Have a running instance take over other settings.
    case change(Serial)
    /// Make these, in this order, what runs.
    case publish([Serial])
    /// Wait for its calls, then stop and destroy it.
    case retire(Serial)
  }

  private struct Entry {
    var wanted: Wanted
    var state = PluginState.found
    var reason: String?
    var running: Serial?
    var runningSource: Source?
    var candidate: Candidate?
    /// What the running instance is to take over.
    var change: Source?
    /// What was tried and failed: not tried again until something changes.
    var attempted: Source?
    /// What ran before the code was replaced.
    var previous: Source?
    /// Code that was rolled back.
    var rejected: String?
    var draining: Set<Serial> = []
  }

  /// An instance that may take the place of the running one.
  private struct Candidate {
    let serial: Serial
    let source: Source
    var isBegun = false
    var isReady = false
  }

  private var entries: [String: Entry] = [:]
  private var order: [String] = []
  private var published: [Serial] = []
  private var lastSerial = 0
  private var owners: [Serial: String] = [:]

  package init() {}

  // MARK: Events

  /// What should run from here on, in order. `again` has what failed or was rolled back tried once
  /// more.
  package mutating func want(_ list: [Wanted], again: Bool = false) -> [Action] {
    let gone = order.filter { name in !list.contains { $0.name == name } }
    for name in gone { switchOff(name) }
    let leaving = gone.filter { entries[$0]?.draining.isEmpty == false }
    for name in gone where !leaving.contains(name) { entries[name] = nil }
    order = list.map(\.name) + leaving
    for wanted in list {
      entries[wanted.name, default: Entry(wanted: wanted)].wanted = wanted
      if again {
        entries[wanted.name]?.attempted = nil
        entries[wanted.name]?.rejected = nil
      }
      consider(wanted.name)
    }
    return next()
  }

  /// An instance was made, enrolled and started; false when nobody wants it any more.
  @discardableResult
  package mutating func started(_ serial: Serial) -> Bool {
    guard isCandidate(serial), let name = owners[serial] else {
      owners[serial] = nil
      return false
    }
    entries[name]?.candidate?.isReady = true
    return true
  }

  /// An instance could not be made; what ran before goes on. Code that hangs is not taken again,
  /// whatever its settings, because each time leaves a thread behind.
  package mutating func failed(_ serial: Serial, _ error: PluginError, hangs: Bool = false) {
    let isWanted = isCandidate(serial)
    guard let name = owners.removeValue(forKey: serial), isWanted, var entry = entries[name] else {
      return
    }
    entry.attempted = entry.candidate?.source
    if hangs { entry.rejected = entry.candidate?.source.code }
    entry.candidate = nil
    entry.reason = error.description
    if entry.running == nil { entry.state = PluginState(failedWith: error.code) }
    entries[name] = entry
  }

  /// A running instance has other settings from here on.
  package mutating func changed(_ serial: Serial) {
    guard let name = owners[serial], var entry = entries[name], let change = entry.change else {
      return
    }
    entry.runningSource = change
    entry.change = nil
    entry.attempted = nil
    entry.reason = entry.wanted.note
    entries[name] = entry
  }

  /// A running instance refuses other settings, and goes on with those it has.
  package mutating func unchanged(_ serial: Serial, _ error: PluginError) {
    guard let name = owners[serial], var entry = entries[name] else { return }
    entry.attempted = entry.change
    entry.change = nil
    entry.reason = error.description
    entries[name] = entry
  }

  /// A running instance could not take over other settings: another one does.
  package mutating func replace(_ serial: Serial) -> [Action] {
    guard let name = owners[serial], let change = entries[name]?.change else { return [] }
    entries[name]?.change = nil
    ask(name, change)
    return next()
  }

  /// What was asked for and told back until now: what to make visible, and whom to let go.
  package mutating func settle() -> [Action] {
    let before = published
    for name in order { promote(name) }
    published = order.compactMap { entries[$0]?.running }
    guard published != before else { return [] }
    let leaving = before.filter { !published.contains($0) }
    return [.publish(published)] + leaving.map { .retire($0) }
  }

  /// A retired instance is destroyed.
  package mutating func ended(_ serial: Serial) {
    guard let name = owners.removeValue(forKey: serial), var entry = entries[name] else { return }
    entry.draining.remove(serial)
    if entry.draining.isEmpty, entry.state == .draining { entry.state = .disabled }
    entries[name] = entry
  }

  /// New code does harm: go back to what ran before it. Nothing when there is nothing to go back
  /// to.
  package mutating func rollBack(_ name: String, reason: String) -> [Action] {
    guard var entry = entries[name], let previous = entry.previous, entry.running != nil else {
      return []
    }
    entry.rejected = entry.runningSource?.code
    entry.reason = reason
    entry.previous = nil
    entry.change = nil
    entries[name] = entry
    ask(name, previous)
    return next()
  }

  /// Keeps a plugin out until other code of it is wanted, or it is wanted `again`.
  package mutating func quarantine(_ name: String, reason: String) {
    guard let source = entries[name]?.runningSource else { return }
    switchOff(name)
    entries[name]?.attempted = source
    entries[name]?.state = .quarantined
    entries[name]?.reason = reason
  }

  // MARK: Questions

  package func owner(of serial: Serial) -> String? { owners[serial] }

  /// Whether an instance may still become the one that runs.
  package func isCandidate(_ serial: Serial) -> Bool {
    owners[serial].flatMap { entries[$0]?.candidate?.serial } == serial
  }

  /// What a running instance is to take over.
  package func change(of serial: Serial) -> Source? {
    owners[serial].flatMap { entries[$0]?.change }
  }

  /// Whom an instance would run with, if it were made visible at this moment.
  package func others(than serial: Serial) -> [Serial] {
    order.filter { $0 != owners[serial] }.compactMap { name in
      guard let entry = entries[name] else { return nil }
      return entry.candidate?.isReady == true ? entry.candidate?.serial : entry.running
    }
  }

  /// What an instance is made of.
  package func source(of serial: Serial) -> Source? {
    guard let name = owners[serial], let entry = entries[name] else { return nil }
    return entry.candidate?.serial == serial ? entry.candidate?.source : entry.runningSource
  }

  /// The instance whose place another one takes, when they are of different code and it is not on
  /// its way back.
  package func predecessor(of serial: Serial) -> Serial? {
    guard let name = owners[serial], let entry = entries[name], let running = entry.running,
      let code = entry.runningSource?.code, code != entry.rejected,
      code != entry.candidate?.source.code
    else { return nil }
    return running
  }

  /// The instance that runs, and what ran before its code was replaced.
  package func running(_ name: String) -> (serial: Serial, canGoBack: Bool)? {
    guard let entry = entries[name], let serial = entry.running else { return nil }
    return (serial, entry.previous != nil)
  }

  /// The code that runs.
  package func code(of name: String) -> String? { entries[name]?.runningSource?.code }

  /// The code that ran before it was replaced.
  package func codeBefore(of name: String) -> String? { entries[name]?.previous?.code }

  /// Of every plugin, in the order of the file.
  package func statuses(generations: [String: Int]) -> [PluginStatus] {
    order.compactMap { name in
      entries[name].map {
        PluginStatus(
          name: name, state: $0.state, reason: $0.reason, code: $0.runningSource?.code,
          generation: generations[name] ?? 0)
      }
    }
  }

  // MARK: Deciding

  private mutating func consider(_ name: String) {
    guard var entry = entries[name] else { return }
    guard entry.wanted.isEnabled else { return switchOff(name) }
    switch entry.wanted.source {
    case .failure(let error):
      drop(&entry)
      entry.reason = error.description
      if entry.running == nil { entry.state = PluginState(failedWith: error.code) }
      entries[name] = entry
    case .success(let source):
      entry.change = nil
      if entry.runningSource == source {
        drop(&entry)
        entry.reason = entry.wanted.note
        entries[name] = entry
      } else if entry.candidate?.source == source {
        entries[name] = entry
      } else if source != entry.attempted, source.code != entry.rejected {
        follow(source, name, &entry)
      }
    }
  }

  private mutating func follow(_ source: Source, _ name: String, _ entry: inout Entry) {
    guard entry.candidate == nil, let running = entry.runningSource, source.canFollow(running)
    else { return ask(name, source) }
    entry.change = source
    entries[name] = entry
  }

  private mutating func ask(_ name: String, _ source: Source) {
    lastSerial += 1
    owners[lastSerial] = name
    guard var entry = entries[name] else { return }
    drop(&entry)
    entry.candidate = Candidate(serial: lastSerial, source: source)
    if entry.running == nil, entry.state != .draining {
      (entry.state, entry.reason) = (.found, nil)
    }
    entries[name] = entry
  }

  /// What was asked for is wanted no more; an instance that still comes of it is told so.
  private mutating func drop(_ entry: inout Entry) {
    if let stale = entry.candidate { owners[stale.serial] = nil }
    entry.candidate = nil
    entry.change = nil
  }

  private mutating func switchOff(_ name: String) {
    guard var entry = entries[name] else { return }
    if entry.running != nil { entry.state = .draining }
    if entry.state != .draining { entry.state = .disabled }
    drop(&entry)
    entry.reason = nil
    entry.rejected = nil
    entry.attempted = nil
    if let running = entry.running { entry.draining.insert(running) }
    entry.running = nil
    entry.runningSource = nil
    entry.previous = nil
    entries[name] = entry
  }

  private mutating func promote(_ name: String) {
    guard var entry = entries[name], let candidate = entry.candidate, candidate.isReady else {
      return
    }
    if let running = entry.running {
      entry.draining.insert(running)
      let isNewCode = entry.runningSource?.code != candidate.source.code
      let isGoingBack = entry.rejected != nil && entry.rejected == entry.runningSource?.code
      entry.previous = isNewCode && !isGoingBack ? entry.runningSource : entry.previous
      if !isGoingBack { entry.reason = entry.wanted.note }
    } else {
      entry.reason = entry.wanted.note
    }
    entry.running = candidate.serial
    entry.runningSource = candidate.source
    entry.candidate = nil
    entry.attempted = nil
    entry.state = .running
    entries[name] = entry
  }

  /// What has to be done and was not begun.
  private mutating func next() -> [Action] {
    order.compactMap { name in
      if entries[name]?.change != nil, let running = entries[name]?.running {
        return .change(running)
      }
      guard let candidate = entries[name]?.candidate, !candidate.isBegun else { return nil }
      entries[name]?.candidate?.isBegun = true
      return .start(candidate.serial)
    }
  }
}
