import Journal
import NIOCore
import PluginRuntime
import Synchronization

/// What the SDK lane keeps per event loop: the intake with its buffers, the replies' bytes, the
/// requests that wait for the journal, and the connections.
///
/// Confined to its event loop, save for `completed`, which only hands over.
final class LaneLoop: JournalSink, @unchecked Sendable {
  let eventLoop: any EventLoop
  let limits: HTTPLimits
  let metrics: Metrics
  let live: LiveDoor?
  private(set) var replies: Reply.Table
  private var headersVersion: Int
  /// Seconds since the first connection, as far as anybody has looked.
  private(set) var seconds = 0
  let journal: Journal
  let rare: RareParts
  let intake: Intake
  /// Where requests go that a hook in another process looks at; nil where there are no plugins.
  private var aside: IntakeAside?
  private let clock: @Sendable () -> Int64
  private let bodyMemoryMax: Int
  private var sink = 0
  var tokens: TokenTable
  private var bodyMemory = 0
  private var connections: ContiguousArray<SDKLaneHandler> = []
  /// Connections that were answered and not yet flushed.
  private var answered: ContiguousArray<SDKLaneHandler> = []
  private var isTicking = false
  let isStopped = Mutex(false)
  /// Entries of this turn of the loop, in `intake`, that go to the journal at its end.
  var pending: ContiguousArray<Pending> = []

  struct Pending {
    let offset: Int
    let count: Int
    let token: UInt64
    let items: Int
  }

  /// Who waits for a commit, by the first of the tokens that wait together.
  var commitListeners: [UInt64: UInt64] = [:]

  /// Entries of one turn beyond which the journal gets them at once.
  private static let pendingBytesMax = 256 << 10

  init(eventLoop: any EventLoop, loops: Int, context: SDKLane.Context) {
    self.eventLoop = eventLoop
    limits = context.limits
    metrics = context.metrics
    live = context.live
    journal = context.journal
    rare = context.rare
    headersVersion = rare.headers.version
    replies = Reply.Table(rare.headers.list)
    clock = context.clock
    intake = Intake(
      directory: context.directory, configuration: context.intake, metrics: context.metrics,
      stage: context.runtime.map { IntakeStage(runtime: $0) })
    bodyMemoryMax = max(limits.bodyBytesMax, limits.bodyMemoryBytesMax / loops)
    tokens = TokenTable(limit: max(1, limits.requestsInFlightMax / loops))
    sink = journal.attach(self)
    aside = context.runtime.map { runtime in
      IntakeAside(context, runtime: runtime) { [weak self] in self?.judged($0) }
    }
  }

  // MARK: Requests

  /// Reads a request, which proxies say was `forwarded`. Answers nil when its entry is on the way to
  /// the journal and the reply will follow from `settle`, else what to reply now.
  @inline(__always)
  func submit(
    _ handler: SDKLaneHandler, number: UInt32, forwarded: @autoclosure () -> String?,
    _ request: (Int64) -> IntakeRequest
  ) -> Reply.Content? {
    if intake.wantsOrigin {
      intake.origin = Origin(peer: handler.peer, forwarded: forwarded())
      if intake.asksRunners { return submitAside(handler, number: number, request(clock())) }
    }
    return admit(handler, number: number, request(clock()))
  }

  @inline(__always)
  private func admit(
    _ handler: SDKLaneHandler, number: UInt32, _ request: IntakeRequest
  ) -> Reply.Content? {
    do {
      try intake.admit(request)
    } catch {
      let mark = intake.hasWish ? Self.grant(intake.wish, handler, number) : 0
      if error.refusal == .redirected { return redirect(handler, number, mark) }
      return refused(error.refusal, intake.pluginRefusal)
    }
    let mark = intake.hasWish ? Self.grant(intake.wish, handler, number) : 0
    if intake.entryItems == 0 { return .success }
    guard let token = tokens.take(handler, request: number) else {
      intake.removeEntry()
      return .refusal(.requestLimit)
    }
    if intake.hasWish, let picture = intake.wish.picture {
      keepPicture(picture, token: token | mark)
      return nil
    }
    let entry = intake.entry
    pending.append(
      Pending(
        offset: entry.offset, count: entry.count, token: token | mark, items: intake.entryItems))
    if pending.count == 1 { eventLoop.execute { self.appendPending() } }
    if intake.entries.count > Self.pendingBytesMax { appendPending() }
    return nil
  }

  /// What a plugin answers in its own words, everything else in the server's.
  private func refused(
    _ refusal: Refusal, _ answer: IntakeStage.Refusal?
  ) -> Reply.Content {
    guard refusal == .plugin, let answer, let place = replies.place(of: answer)
    else { return .refusal(refusal) }
    return .custom(place)
  }

  /// What the journal would say to a body of this length, so that it need not be read for nothing.
  func admission(of bytes: Int) -> Refusal? {
    let answer = journal.admission(of: bytes)
    return answer == .queued ? nil : Self.refusal(answer)
  }

  /// Hands the journal what one turn of the loop brought, with one wake: what comes together is in
  /// one group, and is answered together.
  func appendPending() {
    guard !pending.isEmpty else { return }
    let entries = intake.entries
    for entry in pending {
      let answer = journal.append(
        entries.part(entry.offset, entry.count), sink: sink, token: entry.token, wakes: false)
      if answer == .queued {
        metrics.itemsAccepted.add(entry.items)
      } else {
        settle(entry.token, .refusal(Self.refusal(answer)))
      }
    }
    journal.wake()
    pending.removeAll(keepingCapacity: true)
    intake.removeEntries()
    flushAnswered()
  }

  private static func refusal(_ answer: JournalAppend) -> Refusal {
    switch answer {
    case .full: .journalFull
    case .diskReserve: .diskReserve
    case .tooLarge: .bodyTooLarge
    case .queued, .broken: .journalBroken
    }
  }

  /// Called on the journal's thread, once per group.
  func completed(_ tokens: [UInt64], durable: Bool) {
    isStopped.withLock { isStopped in
      // With the loop gone nobody waits any more: its connections are closed.
      guard !isStopped else { return }
      eventLoop.execute { self.settle(tokens, durable: durable) }
    }
  }

  /// Nothing is handed to the event loop from here on: it is about to end. Any thread.
  func stop() {
    isStopped.withLock { $0 = true }
    aside?.stop()
  }

  // MARK: Aside

  /// As `admit`, where a hook in another process has to be asked: no event loop waits for it.
  @inline(never)
  private func submitAside(
    _ handler: SDKLaneHandler, number: UInt32, _ request: IntakeRequest
  ) -> Reply.Content? {
    guard let aside, aside.hasRoom(for: request) else {
      return admit(handler, number: number, request)
    }
    guard let token = tokens.take(handler, request: number) else { return .refusal(.requestLimit) }
    aside.take(.init(request, token: token, origin: intake.origin))
    return nil
  }

  /// Called on the thread beside the loop, once per round.
  private func judged(_ done: [IntakeAside.Done]) {
    isStopped.withLock { isStopped in
      guard !isStopped else { return }
      eventLoop.execute { self.accept(done) }
    }
  }

  private func accept(_ judged: [IntakeAside.Done]) {
    aside?.settled(judged)
    for done in judged {
      let mark = done.wish.map { grant($0, done.token) } ?? 0
      switch done.end {
      case .entry(let entry, let items):
        if let picture = done.wish?.picture {
          keep(picture, entry, items, token: done.token | mark)
          continue
        }
        pending.append(
          Pending(
            offset: intake.adopt(entry), count: entry.count, token: done.token | mark,
            items: items))
      case .empty: settle(done.token, .success)
      case .forwarded(let forward, let url): send(forward, to: url, token: done.token | mark)
      case .refused(let refusal, let answer): settle(done.token, refused(refusal, answer))
      }
    }
    appendPending()
    flushAnswered()
  }

  private func settle(_ settled: [UInt64], durable: Bool) {
    let content = durable ? Reply.Content.success : .refusal(.syncFailed)
    var safe: [UInt64] = []
    for token in settled {
      if token & Self.safeMark != 0, durable {
        safe.append(token)
      } else {
        settle(token, content)
      }
    }
    if !safe.isEmpty { answerBehindCommit(safe) }
    flushAnswered()
  }

  @inline(__always)
  func settle(_ token: UInt64, _ content: Reply.Content) {
    guard let (connection, request) = tokens.redeem(token & ~Self.safeMark) else { return }
    if connection.settle(request, content) { answered.append(connection) }
  }

  func flushAnswered() {
    for connection in answered { connection.flushReplies() }
    answered.removeAll(keepingCapacity: true)
  }

  /// Has the replies' bytes carry the headers that are set now.
  @inline(__always)
  func followHeaders() {
    let newest = rare.headers.version
    if newest != headersVersion { renewReplies(newest) }
  }

  @inline(never)
  private func renewReplies(_ version: Int) {
    headersVersion = version
    replies = Reply.Table(replies, rare.headers.list)
  }

  /// Counts a reply on its way out.
  @inline(__always)
  func count(_ content: Reply.Content) {
    switch content {
    case .success: metrics.requestsAccepted.add()
    case .refusal(let refusal), .bareRefusal(let refusal): metrics.refuse(refusal)
    case .custom: metrics.refuse(.plugin)
    case .preflight, .proceed: break
    }
  }

  // MARK: Memory

  /// Sets memory for a body apart; false when there is no more.
  func reserveBody(_ bytes: Int) -> Bool {
    guard bodyMemory + bytes <= bodyMemoryMax else { return false }
    bodyMemory += bytes
    return true
  }

  func releaseBody(_ bytes: Int) {
    bodyMemory -= bytes
  }

  // MARK: Connections

  /// Takes a connection in; answers its place, to be kept up to date by `place`.
  func add(_ connection: SDKLaneHandler) {
    connection.place = connections.count
    connections.append(connection)
    guard !isTicking else { return }
    isTicking = true
    scheduleTick()
  }

  func remove(_ connection: SDKLaneHandler) {
    guard let place = connection.place else { return }
    connection.place = nil
    let last = connections.removeLast()
    if last !== connection {
      connections[place] = last
      last.place = place
    }
  }

  /// One timer a loop looks at all connections; a loop without connections sleeps.
  private func scheduleTick() {
    eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
      self.seconds += 1
      // Closing takes a connection out of the list.
      for connection in Array(self.connections) { connection.tick() }
      self.isTicking = !self.connections.isEmpty
      if self.isTicking { self.scheduleTick() }
    }
  }

  /// Closes every connection at once.
  func closeAll() {
    for connection in Array(connections) { connection.closeNow() }
  }
}
