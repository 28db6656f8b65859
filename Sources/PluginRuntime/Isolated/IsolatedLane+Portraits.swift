import PluginABI

/// What a plugin's cells say about users, told on the thread that answers questions.
extension IsolatedLane {
  /// Has the runner tell of all of them in one message. When it ends over that, each is asked for
  /// alone, so that only who ended it goes without. Answers why somebody could not be told of.
  func describe(_ canvases: [PortraitCanvas]) -> String? {
    questionLock.lock()
    defer { questionLock.unlock() }
    let whole = ask(canvases)
    if !whole.hasDied { return whole.reason }
    return canvases.reduce(nil) { reason, canvas in ask([canvas]).reason ?? reason }
  }

  /// Nothing was told when the runner has died.
  private func ask(_ canvases: [PortraitCanvas]) -> (hasDied: Bool, reason: String?) {
    var teller = Teller(canvases)
    var hasDied = false
    let (status, reason) = once(.question) { runner in
      var writer = runner.questions.writer()
      Self.write(canvases, to: &writer)
      let limit = plan.limits.hookDeadline
      let replay = CallReplay(
        services: serviceReplay,
        own: { entry, status, reader throws(WireDamage) in
          try teller.take(entry, status, &reader)
          return nil
        })
      let end = call(
        runner, on: .question, .describe, writer,
        patience: Patience(limit: limit, reason: { Self.late(limit) }), replay)
      if case .returned = end {} else { hasDied = true }
      return end
    }
    let isWhole = !hasDied && status == TALLY_OK && teller.isAtEnd
    if !isWhole { canvases.forEach { $0.forget() } }
    return (hasDied, isWhole ? teller.reason : "status \(status): \(reason)")
  }

  private static func write(_ canvases: [PortraitCanvas], to writer: inout WireWriter) {
    writer.put(UInt64(canvases.count))
    for canvas in canvases {
      writer.put(canvas.app, 0)
      writer.put(canvas.user)
      canvas.cell.withUnsafeBytes { writer.put($0) }
    }
  }
}

/// Hands on what a runner tells of one user after the other.
private struct Teller {
  private let canvases: [PortraitCanvas]
  private var place = 0
  /// Why somebody was left out.
  private(set) var reason: String?

  init(_ canvases: [PortraitCanvas]) { self.canvases = canvases }

  var isAtEnd: Bool { place == canvases.count }

  /// One member, or the end of a user with how that call ended.
  mutating func take(
    _ entry: Wire.Entry, _ status: UInt32, _ reader: inout WireReader
  ) throws(WireDamage) {
    guard !isAtEnd else { throw WireDamage() }
    _ = try reader.word()
    switch entry {
    case .exported:
      let name = try reader.data()
      canvases[place].add(name, try reader.data())
    case .status:
      let (status, text) = (tally_status(bitPattern: status), try reader.text())
      if status != TALLY_OK {
        reason = "status \(status): \(text.prefix(ErrorText.lengthMax))"
        canvases[place].forget()
      }
      place += 1
    default: throw WireDamage()
    }
  }
}
