import Glibc
import Logging
import Synchronization

/// What a runner prints and logs, on its way into the operator's log under the plugin's name.
final class RunnerOutput: @unchecked Sendable {
  /// Where bytes come from.
  enum Stream: String {
    case output = "stdout"
    case errors = "stderr"
    case log
  }

  /// One descriptor and the line that has begun on it.
  struct Source {
    /// Negative once nothing more will come; `poll` passes it over then.
    var descriptor: Int32
    let stream: Stream
    var line: [UInt8] = []

    init(_ descriptor: Int32, _ stream: Stream) {
      self.descriptor = descriptor
      self.stream = stream
    }
  }

  /// Bytes kept of one line; the rest of it begins a new one.
  static let lineBytesMax = 2_000
  /// Bytes taken from one source before the others have their turn.
  private static let chunkBytes = 4_096
  /// Chunks read of a dead runner's output.
  private static let lastChunksMax = 64
  /// A packet of the log: its level, the lines dropped before it, the text.
  static let packetHeadBytes = 8

  private let log: Logger
  private let secrets: Secrets
  private var rate: LogRate
  private let dropped = Atomic<Int>(0)

  init(plugin: String, log: Logger, secrets: Secrets, linesPerSecondMax: Int) {
    self.secrets = secrets
    var log = log
    log[metadataKey: "plugin"] = "\(plugin)"
    self.log = log
    rate = LogRate(linesPerSecondMax: linesPerSecondMax)
  }

  /// Lines over the limit so far.
  var droppedLines: Int { dropped.load(ordering: .relaxed) }

  /// Takes one chunk; false when there was none.
  @discardableResult
  func read(_ source: inout Source) -> Bool {
    guard source.descriptor >= 0 else { return false }
    var chunk = [UInt8](repeating: 0, count: Self.chunkBytes)
    let count = Glibc.read(source.descriptor, &chunk, chunk.count)
    guard count > 0 else {
      if count == 0 { source.descriptor = -1 }
      return false
    }
    if source.stream == .log {
      take(packet: chunk[..<count])
    } else {
      take(chunk[..<count], &source)
    }
    return true
  }

  /// Takes what a runner left behind.
  func finish(_ source: inout Source) {
    for _ in 0..<Self.lastChunksMax where !read(&source) { break }
    if !source.line.isEmpty { say(&source) }
  }

  private func take(_ bytes: ArraySlice<UInt8>, _ source: inout Source) {
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        say(&source)
      } else if source.line.count >= Self.lineBytesMax {
        // A secret that goes on behind the limit is kept whole for the next line.
        let kept = secrets.begun(atEndOf: source.line)
        if kept < source.line.count { say(&source, keeping: kept) }
      }
      if byte != UInt8(ascii: "\n") { source.line.append(byte) }
    }
  }

  private func say(_ source: inout Source, keeping kept: Int = 0) {
    let said = source.line.dropLast(kept)
    defer { source.line.removeFirst(said.count) }
    guard let before = admit() else { return }
    var metadata: Logger.Metadata = [
      "stream": "\(source.stream.rawValue)",
      "text": "\(secrets.redact(String(decoding: said, as: UTF8.self)))",
    ]
    if before > 0 { metadata["dropped_lines"] = "\(before)" }
    log.info("plugin printed", metadata: metadata)
  }

  /// A line of `tally_host.log`, worded as the same line of an inproc plugin.
  private func take(packet: ArraySlice<UInt8>) {
    guard packet.count >= Self.packetHeadBytes, let before = admit() else { return }
    let head = packet.prefix(Self.packetHeadBytes).withUnsafeBytes {
      $0.loadUnaligned(as: (level: UInt32, dropped: UInt32).self)
    }
    let levels: [Logger.Level] = [.debug, .info, .warning, .error]
    var metadata: Logger.Metadata = [
      "text":
        "\(secrets.redact(String(decoding: packet.dropFirst(Self.packetHeadBytes), as: UTF8.self)))"
    ]
    let lost = before + Int(head.dropped)
    if lost > 0 { metadata["dropped_lines"] = "\(lost)" }
    log.log(
      level: levels[min(Int(head.level), levels.count - 1)], "plugin says", metadata: metadata)
  }

  private func admit() -> Int? {
    let before = rate.admit(second: Int(time(nil)))
    if before == nil { dropped.wrappingAdd(1, ordering: .relaxed) }
    return before
  }
}
