import PluginRuntime
import Testing

@testable import Host

@Suite("Questions and commits", .timeLimit(.minutes(2)))
struct QuestionRunTests {
  /// One thread, so that whoever holds it is found out.
  private static func run(
    waitMax: Duration, _ body: (QuestionThreads) async throws -> Void
  ) async throws {
    let pool = ReadPool(threads: 1)
    pool.start()
    let gate = CommitGate(committed: 0, waitMax: waitMax, wake: {})
    try await body(QuestionThreads(pool: pool, gate: gate))
    pool.stop()
  }

  private static func ask(
    _ threads: QuestionThreads, _ step: QuestionStep
  ) async -> Int {
    await QuestionRun.answer(within: .seconds(60), threads, Cancellation()) { step }.status
  }

  private static func reply(_ status: Int) -> QueryReply { QueryReply(status: status, body: []) }

  @Test("A question that waits for a commit holds up no other, and goes on behind it")
  func waits() async throws {
    try await Self.run(waitMax: .seconds(3_600)) { threads in
      async let late = Self.ask(threads, .behind(7) { Self.reply(207) })
      while threads.gate.listening == 0 { try await Task.sleep(for: .milliseconds(1)) }
      #expect(threads.gate.isWanted(counted: 7))
      #expect(await Self.ask(threads, .answered(Self.reply(200))) == 200)
      #expect(await Self.ask(threads, .behind(0) { Self.reply(201) }) == 201)
      threads.gate.advance(to: 6)
      #expect(threads.gate.listening == 1)
      threads.gate.advance(to: 7)
      #expect(await late == 207)
      #expect(threads.gate.listening == 0)
    }
  }

  /// Stands for what a question holds: a plugin's instance, which ends with the last.
  private final class Held: Sendable {
    private let gone: AsyncStream<Void>.Continuation

    init(_ gone: AsyncStream<Void>.Continuation) { self.gone = gone }

    deinit { gone.finish() }
  }

  @Test("What a question held is let go with its answer, however long it might have waited")
  func letsGo() async throws {
    try await Self.run(waitMax: .seconds(3_600)) { threads in
      let (gone, end) = AsyncStream<Void>.makeStream()
      let answer = Task {
        await Self.ask(
          threads,
          .behind(7) { [held = Held(end)] in withExtendedLifetime(held) { Self.reply(200) } })
      }
      while threads.gate.listening == 0 { try await Task.sleep(for: .milliseconds(1)) }
      threads.gate.advance(to: 7)
      #expect(await answer.value == 200)
      for await _ in gone {}
    }
  }

  @Test("Without a commit it goes on when the longest wait is over, once")
  func waitsNoLonger() async throws {
    try await Self.run(waitMax: .milliseconds(1)) { threads in
      #expect(await Self.ask(threads, .behind(7) { Self.reply(200) }) == 200)
      #expect(threads.gate.listening == 0)
      threads.gate.advance(to: 7)
    }
  }
}
