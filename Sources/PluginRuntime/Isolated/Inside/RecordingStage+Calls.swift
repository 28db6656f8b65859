import PluginABI

/// What other calls than those of process hooks ask for, written down for the host.
extension RecordingStage {
  static func from(_ ctx: UnsafeMutableRawPointer?) -> RecordingStage {
    guard let ctx else { preconditionFailure("the ctx of a call was not handed back") }
    return Unmanaged<RecordingStage>.fromOpaque(ctx).takeUnretainedValue()
  }

  var ctx: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  /// The functions of a transform hook. The host judges what they are given.
  func makeVerdicts() -> tally_verdicts {
    var table = tally_verdicts()
    table.struct_size = UInt32(MemoryLayout<tally_verdicts>.size)
    table.ctx = ctx
    table.drop = { RecordingStage.from($0).put(.drop, $1, 0, []) }
    table.drop_event = { RecordingStage.from($0).put(.dropEvent, $1, 0, []) }
    table.set = { RecordingStage.from($0).put(.set, $1, $2, [$3.bytes, $4.bytes]) }
    table.remove = { RecordingStage.from($0).put(.remove, $1, $2, [$3.bytes]) }
    table.add_event = { RecordingStage.from($0).put(.addEvent, $1, 0, [$2.bytes]) }
    return table
  }

  /// Bytes that a function hands out.
  func hand(_ bytes: UnsafeRawBufferPointer) { put(.handed, 0, 0, [bytes]) }

  func put(
    _ kind: Wire.Entry, _ item: UInt32, _ number: UInt32, _ parts: [UnsafeRawBufferPointer]
  ) {
    guard reserve(parts.reduce(16) { $0 + WireWriter.room($1.count) }) else { return }
    exchange.writer.put(kind.rawValue, item)
    exchange.writer.put(UInt64(number))
    for part in parts { exchange.writer.put(part) }
  }

  /// Says how much of a job is done.
  func tellProgress(_ permille: UInt32) {
    put(.progress, permille, 0, [])
    _ = flush()
  }

  /// Whether a job should end.
  var isCancelled: UInt32 {
    put(.cancelled, 0, 0, [])
    var given = flush()
    guard (try? given.word()) == 1, let answer = try? given.word() else { return 1 }
    return answer == 0 ? 0 : 1
  }
}
