import Glibc
import Logging

/// Sends what a plugin logs to the host, a packet a line. A host that does not keep up loses lines,
/// never time.
struct PacketLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.trace

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let text = event.metadata?["text"].map { "\($0)" } ?? event.message.description
    let dropped = event.metadata?["dropped_lines"].flatMap { UInt32("\($0)") } ?? 0
    let levels: [Logger.Level: UInt32] = [.debug: 0, .info: 1, .warning: 2]
    var packet: [UInt8] = []
    withUnsafeBytes(of: (levels[event.level] ?? 3, dropped)) { packet.append(contentsOf: $0) }
    packet.append(contentsOf: text.utf8)
    _ = write(RunnerDescriptor.log.rawValue, packet, packet.count)
  }
}
