import NIOCore

/// Answers that somebody asked for in another way: as a script, or behind the commit.
extension LaneLoop {
  /// The bit of a token whose request is answered behind its commit.
  static let safeMark: UInt64 = 1 << 63

  /// Takes down what an answer is to be like; the mark of its token.
  @inline(never)
  @discardableResult
  static func grant(_ wish: Wish, _ handler: SDKLaneHandler, _ number: UInt32) -> UInt64 {
    if let callback = wish.callback { handler.dress(number) { $0.callback = callback } }
    return wish.isSafe ? safeMark : 0
  }

  /// The same of a request that was read beside the loop.
  func grant(_ wish: Wish, _ token: UInt64) -> UInt64 {
    guard let (connection, request) = tokens.owner(of: token) else { return 0 }
    return Self.grant(wish, connection, request)
  }

  /// What is durable is answered when it is committed too, or when that takes too long: a client
  /// that then sends it again sends what is known already.
  @inline(never)
  func answerBehindCommit(_ waiting: [UInt64]) {
    guard let commits = rare.commits else {
      for token in waiting { settle(token, .success) }
      return
    }
    let timeout = eventLoop.assumeIsolated().scheduleTask(in: limits.commitTimeout) { [self] in
      if let listener = commitListeners.removeValue(forKey: waiting[0]) {
        commits.forget(listener)
      }
      answer(waiting, .refusal(.notIngested))
    }
    // All of them are at most here.
    commitListeners[waiting[0]] = commits.listen(for: journal.durablePosition) { [self] in
      isStopped.withLock { isStopped in
        guard !isStopped else { return }
        eventLoop.execute {
          timeout.cancel()
          self.commitListeners[waiting[0]] = nil
          self.answer(waiting, .success)
        }
      }
    }
  }

  func answer(_ waiting: [UInt64], _ content: Reply.Content) {
    for token in waiting { settle(token, content) }
    flushAnswered()
  }
}

/// Requests that come with a picture: it is on the disk before they go to the journal, so that what
/// is accepted is kept whole.
extension LaneLoop {
  @inline(never)
  func keepPicture(_ picture: Picture, token: UInt64) {
    let (offset, count) = intake.entry
    let (entry, items) = (Array(intake.entries.part(offset, count)), intake.entryItems)
    intake.removeEntry()
    keep(picture, entry, items, token: token)
  }

  func keep(_ picture: Picture, _ entry: [UInt8], _ items: Int, token: UInt64) {
    let pictures = intake.configuration.pictures
    let isTaken = pictures?.keep(picture) { [self] isKept in
      isStopped.withLock { isStopped in
        guard !isStopped else { return }
        eventLoop.execute { self.goOn(entry, items, token: token, isKept: isKept) }
      }
    }
    if isTaken != true { answerSoon(token, .refusal(.requestLimit)) }
  }

  private func goOn(_ entry: [UInt8], _ items: Int, token: UInt64, isKept: Bool) {
    guard isKept else { return answer([token], .refusal(.syncFailed)) }
    pending.append(
      Pending(offset: intake.adopt(entry), count: entry.count, token: token, items: items))
    appendPending()
  }
}

extension SDKLaneHandler {
  /// Says what is different about an answer to come.
  func dress(_ number: UInt32, _ change: (inout ReplyDress) -> Void) {
    var all = dresses ?? [:]
    change(&all[number, default: ReplyDress()])
    dresses = all
  }
}
