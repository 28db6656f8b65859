import Foundation
import Harness
import Testing

extension FaultsEndToEnd {
  /// Taking an app's data away while clients send and the server dies.
  @Suite(.serialized) struct ResetTests {
    @Test(
      "Behind the answer of a reset only what was sent behind it is counted, whatever died between",
      arguments: [1, 2, 3] as [UInt64])
    func underLoad(seed: UInt64) throws {
      var random = SeededGenerator(seed: seed)
      let server = try TallyServer()
      try server.start()
      let load = PhasedLoad(server)
      usleep(UInt32(random.int(100_000...300_000)))
      load.enter(.during)
      let reset = Reset(server)
      usleep(UInt32(random.int(0...40_000)))
      server.kill()
      try server.start()
      #expect(reset.waitUntilDone())
      load.enter(.after)
      usleep(200_000)
      let sent = load.stop()
      #expect((sent[.before] ?? 0) > 0 && (sent[.after] ?? 0) > 0)
      try check(server, sent)
      server.kill()
      try server.start()
      try check(server, sent)
    }

    private func check(_ server: TallyServer, _ sent: [PhasedLoad.Phase: Int]) throws {
      try server.settle()
      func counted(_ phase: PhasedLoad.Phase) throws -> Double {
        let answer = try server.ask("method=events&event=\(phase.rawValue)&period=30days")
        return (answer.object ?? [:]).filter { Int($0.key) != nil }
          .compactMap { $0.value["c"]?.number }.reduce(0, +)
      }
      #expect(try counted(.before) == 0)
      #expect(try counted(.after) == Double(sent[.after] ?? -1))
    }
  }
}

/// One reset, asked for again and again until it is answered.
private final class Reset: @unchecked Sendable {
  private let server: TallyServer
  private let done = DispatchSemaphore(value: 0)

  init(_ server: TallyServer) {
    self.server = server
    Thread.detachNewThread { self.run() }
  }

  private func run() {
    let keys = server.keys
    let body =
      "api_key=\(keys.apiKey)&args={\"app_id\":\"\(keys.appID)\",\"period\":\"reset\"}"
    let connection = server.connect(seconds: 30)
    while true {
      let reply = try? connection.send(
        "POST", "/i/apps/reset", headers: ["Content-Type: application/x-www-form-urlencoded"],
        body: Array(body.utf8))
      if reply?.text == #"{"result":"Success"}"# { break }
      usleep(3_000)
    }
    done.signal()
  }

  func waitUntilDone() -> Bool { done.wait(timeout: .now() + Patience.seconds) == .success }
}

/// Clients that name each event after the time at which they send it. Nobody is between two times:
/// all that was sent in one is answered before the next begins.
private final class PhasedLoad: @unchecked Sendable {
  enum Phase: String {
    case before, during, after
  }

  static let clients = 3

  private let server: TallyServer
  /// Held by each client while it sends.
  private let sending = (0..<clients).map { _ in NSLock() }
  private var phase = Phase.before
  private var isStopping = false
  private var sent: [[Phase: Int]]
  private let ended = DispatchSemaphore(value: 0)

  init(_ server: TallyServer) {
    self.server = server
    sent = Array(repeating: [:], count: Self.clients)
    for client in 0..<Self.clients {
      Thread.detachNewThread { self.run(client) }
    }
  }

  func enter(_ next: Phase) { whileNobodySends { phase = next } }

  /// How many events were accepted, by when they were sent.
  func stop() -> [Phase: Int] {
    whileNobodySends { isStopping = true }
    for _ in 0..<Self.clients { ended.wait() }
    return sent.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
  }

  private func whileNobodySends(_ body: () -> Void) {
    for lock in sending { lock.lock() }
    body()
    for lock in sending { lock.unlock() }
  }

  private func run(_ client: Int) {
    let connection = server.connect(seconds: 5)
    var number = 0
    while true {
      let goesOn = sending[client].withLock {
        guard !isStopping else { return false }
        number += 1
        deliver(client, number, phase, connection)
        sent[client][phase, default: 0] += 1
        return true
      }
      guard goesOn else { break }
      usleep(500)
    }
    ended.signal()
  }

  /// Until it is answered.
  private func deliver(_ client: Int, _ number: Int, _ phase: Phase, _ connection: HTTPConnection) {
    let moment = Clock.unixMilliseconds - 3_600_000 + Int64(number * Self.clients + client)
    let query =
      "/i?app_key=\(server.keys.appKey)&device_id=d\(client)-\(number % 20)&timestamp=\(moment)"
      + "&events=%5B%7B%22key%22:%22\(phase.rawValue)%22%7D%5D"
    while (try? connection.get(query))?.status != 200 { usleep(3_000) }
  }
}
