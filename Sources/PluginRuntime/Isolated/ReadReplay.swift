import PluginABI
import Store

/// Performs what a runner's answer asks for, by the very functions an answer in this process calls.
/// The block is the runner's and may hold anything.
struct ReadReplay {
  let request: UnsafePointer<tally_request>
  let reply: UnsafePointer<tally_reply>
  let services: ServiceReplay

  /// How an answer ended.
  struct End {
    let status: tally_status
    let reason: String
    let refusals: RefusedCalls
    let changes: [MetricChange]
  }

  /// Performs the entries in order. What the last one wants to know goes to `given`; the end of the
  /// answer is returned when it is among them.
  func run(
    _ block: UnsafeRawBufferPointer, given: inout WireWriter
  ) throws(WireDamage) -> End? {
    var reader = WireReader(block)
    while !reader.isAtEnd {
      let (kind, number) = try reader.pair()
      given.reset()
      switch Wire.Entry(rawValue: kind) {
      case .write: reply.pointee.write(reply.pointee.ctx, try reader.tallyText())
      case .string: reply.pointee.string(reply.pointee.ctx, try reader.tallyText())
      case .status:
        _ = try reader.data()
        reply.pointee.status(reply.pointee.ctx, number)
      case .header:
        let name = try reader.tallyText()
        reply.pointee.header(reply.pointee.ctx, name, try reader.tallyText())
      case .cancelled:
        let table = request.pointee
        give(&given) { _ in table.is_cancelled(table.ctx) }
      case .document, .totals: try count(kind, number, &reader, &given)
      case .names, .get, .list, .rows, .cellOfUser: try data(kind, number, &reader, &given)
      case .refuse:
        return End(
          status: Int32(bitPattern: number), reason: try reader.text(),
          refusals: try RefusedCalls(&reader), changes: try MetricChange.read(&reader))
      case .service: try services.run(try reader.data(), into: &given)
      default: throw WireDamage()
      }
    }
    return nil
  }

  /// Receives what the request's functions hand out.
  private final class Sink {
    var writer: WireWriter

    init(_ writer: WireWriter) { self.writer = writer }

    static func from(_ ctx: UnsafeMutableRawPointer?) -> Sink {
      guard let ctx else { preconditionFailure("the visitor's context was not handed back") }
      return Unmanaged<Sink>.fromOpaque(ctx).takeUnretainedValue()
    }

    /// Goes on while there is room.
    var goesOn: Int32 { writer.isFull ? 0 : 1 }
  }

  // MARK: Counters

  private func count(
    _ kind: UInt32, _ metric: UInt32, _ reader: inout WireReader, _ given: inout WireWriter
  ) throws(WireDamage) {
    var question = tally_question()
    question.struct_size = UInt32(MemoryLayout<tally_question>.size)
    question.metric = metric
    question.flags = UInt32(truncatingIfNeeded: try reader.word())
    question.subject = try reader.tallyText()
    question.dimension = try reader.tallyText()
    question.value = try reader.tallyText()
    question.period = try reader.tallyText()
    let table = request.pointee
    give(&given) { sink in
      if kind == Wire.Entry.document.rawValue { return table.document(table.ctx, &question) }
      return table.totals(table.ctx, &question, sink) { ctx, line in
        guard let line else { return 0 }
        let sink = Sink.from(ctx)
        sink.writer.put(line.pointee.name)
        sink.writer.put(line.pointee.error.bitPattern)
        sink.writer.put(UInt64(line.pointee.n_measures))
        for place in 0..<Int(line.pointee.n_measures) {
          sink.writer.put(UInt64(bitPattern: line.pointee.measures[place]))
        }
        return sink.goesOn
      }
    }
  }

  // MARK: Data

  private func data(
    _ kind: UInt32, _ place: UInt32, _ reader: inout WireReader, _ given: inout WireWriter
  ) throws(WireDamage) {
    let number = try reader.word()
    let key = try reader.tallyText()
    let table = request.pointee
    give(&given) { sink in
      switch Wire.Entry(rawValue: kind) {
      case .names:
        table.names(table.ctx, place, key, sink) { ctx, name in
          Sink.from(ctx).writer.put(name)
          return Sink.from(ctx).goesOn
        }
      case .get: one(sink) { table.get(table.ctx, place, key, $0) }
      case .cellOfUser: one(sink) { table.cell(table.ctx, number, $0) }
      case .list:
        table.list(table.ctx, place, sink) { ctx, key, document in
          Sink.from(ctx).writer.put(key)
          Sink.from(ctx).writer.put(document.bytes)
          return Sink.from(ctx).goesOn
        }
      default:
        table.rows(table.ctx, place, key, UInt32(truncatingIfNeeded: number), sink) {
          ctx, key, received, payload in
          Sink.from(ctx).writer.put(key)
          Sink.from(ctx).writer.put(UInt64(bitPattern: received))
          Sink.from(ctx).writer.put(payload.bytes)
          return Sink.from(ctx).goesOn
        }
      }
    }
  }

  private func one(
    _ sink: UnsafeMutableRawPointer?, _ get: (UnsafeMutablePointer<tally_bytes>) -> tally_status
  ) -> tally_status {
    var bytes = tally_bytes()
    let status = get(&bytes)
    if status == TALLY_OK { Sink.from(sink).writer.put(bytes.bytes) }
    return status
  }

  /// Writes a status and what `body` hands to the sink behind it.
  private func give(
    _ given: inout WireWriter, _ body: (UnsafeMutableRawPointer?) -> tally_status
  ) {
    let sink = Sink(given)
    sink.writer.put(0)
    var status = withExtendedLifetime(sink) { body(Unmanaged.passUnretained(sink).toOpaque()) }
    if sink.writer.isFull {
      sink.writer.reset()
      sink.writer.put(0)
      status = TALLY_LIMIT
    }
    sink.writer.patch(UInt64(bitPattern: Int64(status)), at: 0)
    given = sink.writer
  }
}

/// What a runner says about system calls it was refused.
struct RefusedCalls {
  let count: Int
  let first: String

  init(_ reader: inout WireReader) throws(WireDamage) {
    count = Int(clamping: try reader.word())
    first = try reader.text()
  }
}
