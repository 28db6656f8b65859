import PluginRuntime
import Synchronization

/// Answers of plugins that depend on nothing but what was asked and what is stored, kept until
/// something is stored. Asked again in between, as every chart of an open dashboard is, they are
/// not made again; and because the version of the data is part of the question, none is ever old.
final class ReadCache: Sendable {
  /// Bytes of all answers, and of one that is kept.
  static let bytesMax = 16 << 20
  static let answerBytesMax = 4 << 20
  /// What an entry costs besides its texts.
  private static let entryBytes = 256

  /// What an answer depends on, besides the data.
  struct Question: Hashable, Sendable {
    let reader: ObjectIdentifier
    let route: UInt32
    let app: UInt32
    let parameters: [String: String]
    /// Periods end today, and a minute is the finest that answers show.
    let minute: Int64
  }

  struct Numbers: Sendable {
    var hits = 0
    var misses = 0
    var evictions = 0
    var bytes = 0
  }

  private struct State {
    var version: UInt64 = 0
    var replies: [Question: QueryReply] = [:]
    /// In the order they came, to let the oldest go first; those before `oldest` are gone.
    var order: [Question] = []
    var oldest = 0
    var numbers = Numbers()
  }

  private let state = Mutex(State())

  var numbers: Numbers { state.withLock(\.numbers) }

  /// The answer as it was made of data of this version.
  func reply(to question: Question, version: UInt64) -> QueryReply? {
    state.withLock { state in
      let found = state.version == version ? state.replies[question] : nil
      if found == nil { state.numbers.misses += 1 } else { state.numbers.hits += 1 }
      return found
    }
  }

  /// Keeps an answer that was made of data of this version, or newer.
  func keep(_ reply: QueryReply, to question: Question, version: UInt64) {
    let bytes = Self.bytes(question, reply)
    guard reply.status == 200, bytes <= Self.answerBytesMax else { return }
    state.withLock { state in
      // Who was slow has an answer that nobody asks for any more.
      guard version >= state.version else { return }
      if version > state.version {
        state.numbers.evictions += state.replies.count
        state.numbers.bytes = 0
        (state.version, state.replies, state.order, state.oldest) = (version, [:], [], 0)
      }
      guard state.replies.updateValue(reply, forKey: question) == nil else { return }
      state.order.append(question)
      state.numbers.bytes += bytes
      while state.numbers.bytes > Self.bytesMax { Self.removeOldest(&state) }
    }
  }

  private static func removeOldest(_ state: inout State) {
    let oldest = state.order[state.oldest]
    state.oldest += 1
    // Half of them at once: letting one go costs the same however many there are.
    if state.oldest * 2 >= state.order.count {
      state.order.removeFirst(state.oldest)
      state.oldest = 0
    }
    guard let reply = state.replies.removeValue(forKey: oldest) else { return }
    state.numbers.bytes -= bytes(oldest, reply)
    state.numbers.evictions += 1
  }

  private static func bytes(_ question: Question, _ reply: QueryReply) -> Int {
    question.parameters.reduce(reply.body.count + entryBytes) {
      $0 + $1.key.utf8.count + $1.value.utf8.count
    }
  }

  func register(in metrics: Metrics) {
    metrics.counter("tally_read_cache_hits_total", help: "Answers that were there already") {
      [self] in numbers.hits
    }
    metrics.counter("tally_read_cache_misses_total", help: "Answers that were made") {
      [self] in numbers.misses
    }
    metrics.counter("tally_read_cache_evictions_total", help: "Answers that were let go") {
      [self] in numbers.evictions
    }
    metrics.gauge("tally_read_cache_bytes", help: "Bytes of answers that are kept") {
      [self] in numbers.bytes
    }
  }
}
