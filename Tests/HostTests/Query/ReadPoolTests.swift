import Synchronization
import Testing

@testable import Host

@Suite("Threads that answer questions", .timeLimit(.minutes(2)))
struct ReadPoolTests {
  @Test("A spare stands in for a thread that does not come back, as long as it does not")
  func spare() async throws {
    let pool = ReadPool(threads: 1)
    pool.start()
    let (entered, enter) = AsyncStream<Void>.makeStream()
    let isOpen = Mutex(false)
    pool.submit { _ in
      enter.finish()
      while !isOpen.withLock({ $0 }) {}
    }
    for await _ in entered {}
    async let late = pool.run { 1 }
    pool.lend(1)
    #expect(try await late == 1)
    isOpen.withLock { $0 = true }
    pool.lend(-1)
    for number in 0..<5_000 {
      let answer = try await pool.run { number }
      #expect(answer == number)
    }
    pool.stop()
    await #expect(throws: QueryError.self) { try await pool.run { 1 } }
  }

  @Test("What waits when the pool ends is told so, and so is what comes after")
  func end() async throws {
    let pool = ReadPool(threads: 1)
    let waiting = Task { try await pool.run { 1 } }
    pool.stop()
    await #expect(throws: QueryError.self) { try await waiting.value }
  }
}
