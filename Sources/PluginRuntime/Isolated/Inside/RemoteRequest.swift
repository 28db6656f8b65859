import PluginABI

/// A question in a runner: what the plugin writes is written down, what it asks of the store is asked
/// of the host. `RemoteRequest+Table.swift` builds the tables the plugin gets.
final class RemoteRequest {
  let exchange: RunnerExchange
  /// Texts and bytes handed out, which the header promises for the whole call.
  let arena = Arena()
  private(set) var request = tally_request()
  private var parameters: [(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)] = []

  init(_ exchange: RunnerExchange) {
    self.exchange = exchange
  }

  /// Begins the question that the host's message describes; which route it is for, from 0.
  func begin(_ message: WireReader) throws(WireDamage) -> Int {
    parameters.removeAll()
    var message = WireReader(arena.copy(message.bytes))
    request = makeRequest()
    (request.route, request.app) = try message.pair()
    request.ref = try message.word()
    request.now_ms = Int64(bitPattern: try message.word())
    request.deadline_ms = Int64(bitPattern: try message.word())
    request.local_ms = Int64(bitPattern: try message.word())
    request.app_id = try message.tallyText()
    request.method = try message.tallyText()
    request.path = try message.tallyText()
    request.member = try message.tallyText()
    request.content_type = try message.tallyText()
    request.body = tally_bytes(try message.data())
    for _ in 0..<(try message.word()) {
      let name = try message.data()
      parameters.append((name, try message.data()))
    }
    return Int(request.route) - 1
  }

  func finish(
    _ status: tally_status, _ reason: String, refusals: Refusals, services: RemoteServices?
  ) {
    _ = reserve(WireWriter.room(reason.utf8.count) + Wire.trailerBytes)
    exchange.writer.put(Wire.Entry.refuse.rawValue, UInt32(bitPattern: status))
    exchange.writer.put(reason)
    refusals.write(to: &exchange.writer)
    Wire.writeChanges(of: services, to: &exchange.writer)
    exchange.send(.done)
    arena.reset()
  }

  func parameter(_ name: tally_str) -> tally_str {
    let wanted = name.bytes
    let found = parameters.first { $0.name.elementsEqual(wanted) }
    return found.map { tally_str($0.value) } ?? tally_str()
  }

  /// Makes room; what is written already goes to the host when it is needed.
  func reserve(_ bytes: Int) -> Bool {
    let usable = Wire.messageBytes - Wire.trailerBytes - 8_192
    if exchange.writer.used + bytes > usable { _ = exchange.ask() }
    return bytes <= usable
  }

  /// Asks the host; what it gives is kept to the end of the call, behind its status.
  func ask() -> (status: tally_status, given: WireReader) {
    var given = WireReader(arena.copy(exchange.ask().bytes))
    guard let status = try? given.word() else { return (TALLY_FAILED, given) }
    return (tally_status(truncatingIfNeeded: Int64(bitPattern: status)), given)
  }
}

extension RemoteRequest: Conversation {
  func ask(_ frame: [UInt8]) -> [UInt8]? {
    guard reserve(8 + WireWriter.room(frame.count)) else { return nil }
    exchange.writer.put(Wire.Entry.service.rawValue, 0)
    frame.withUnsafeBytes { exchange.writer.put($0) }
    var given = exchange.ask()
    return (try? given.data()).map { Array($0) }
  }
}
