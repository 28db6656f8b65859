import Hummingbird
import NIOCore
import Synchronization

/// `/live` for clients without WebSockets: the same messages as server-sent events, and the words
/// for whoever is turned away.
struct LiveStream: Sendable {
  let door: LiveDoor
  /// Where a denial waits for its line in the audit.
  let threads: ReadPool

  func add(to router: Router<VisitContext>) {
    router.get(RouterPath(LiveDoor.path)) { request, context in
      await self.answer(request, context)
    }
  }

  private func answer(_ request: Request, _ context: VisitContext) async -> Response {
    var question = QueryRoutes.head(of: request)
    question.peer = context.peer
    do {
      let pass = try door.pass(question.parameters)
      let accepts = request.headers[.accept] ?? ""
      guard accepts.contains("text/event-stream") else {
        let words = QueryReply(
          status: 426, message: "Open a WebSocket, or accept text/event-stream")
        return Routes.json(
          QueryReply(
            status: 426, body: words.body, headers: [(name: "Upgrade", value: "websocket")]))
      }
      return stream(pass)
    } catch let denial as AccessDenial {
      let security = door.access.security
      try? await threads.run { [question] in security?.note(denial, question) }
      return Routes.json(QueryReply(status: denial.status, message: denial.message))
    } catch {
      return Routes.json((error as? QueryError ?? QueryError(code: .storeFailed)).reply)
    }
  }

  private func stream(_ pass: LiveDoor.Pass) -> Response {
    let mailbox = LiveMailbox()
    guard let number = door.feed.join(pass.app, mailbox.watcher(pass)) else {
      return Routes.json(QueryReply(status: 503, message: "Too many readers"))
    }
    let watchers = door.feed.watchers
    let guest = Guest { watchers.leave(number) }
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: ResponseBody { writer in
        defer { guest.leave() }
        for await message in mailbox.messages {
          try await writer.write(Self.event("live", message))
          mailbox.didTake()
        }
        if mailbox.end == .slow { watchers.slow.add() }
        if let end = mailbox.end {
          try await writer.write(Self.event("end", ByteBuffer(string: end.rawValue)))
        }
        try await writer.finish(nil)
      })
  }

  private static func event(_ name: String, _ data: ByteBuffer) -> ByteBuffer {
    var event = ByteBuffer(string: "event: \(name)\ndata: ")
    event.writeImmutableBuffer(data)
    event.writeString("\n\n")
    return event
  }

  /// Leaves once, also when the response is never written.
  private final class Guest: Sendable {
    private let onLeave: Mutex<(@Sendable () -> Void)?>

    init(_ leave: @escaping @Sendable () -> Void) { onLeave = Mutex(leave) }

    deinit { leave() }

    func leave() {
      let leave = onLeave.withLock { onLeave in
        defer { onLeave = nil }
        return onLeave
      }
      leave?()
    }
  }
}

/// Where messages wait for a reader of server-sent events: never more than the newest one.
final class LiveMailbox: Sendable {
  let messages: AsyncStream<ByteBuffer>
  private let sender: AsyncStream<ByteBuffer>.Continuation
  private let ending = Mutex<LiveWatchers.End?>(nil)
  /// Since when a message lies there.
  private let waiting = Mutex<Double?>(nil)

  init() {
    (messages, sender) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Why it ended, if it did.
  var end: LiveWatchers.End? { ending.withLock { $0 } }

  func watcher(_ pass: LiveDoor.Pass) -> LiveWatchers.Watcher {
    .init(
      app: pass.app.number, isAllowed: pass.isValid, send: { self.put($0) },
      end: { self.finish($0) })
  }

  /// The reader has taken what lay there.
  func didTake() { waiting.withLock { $0 = nil } }

  private func put(_ message: ByteBuffer) {
    let now = Clock.monotonicSeconds
    let since = waiting.withLock { waiting in
      defer { waiting = waiting ?? now }
      return waiting ?? now
    }
    if now - since > LiveLimits.slowSeconds { finish(.slow) }
    sender.yield(message)
  }

  private func finish(_ end: LiveWatchers.End) {
    ending.withLock { $0 = $0 ?? end }
    sender.finish()
  }
}
