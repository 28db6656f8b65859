import Testing

@testable import Host

@Suite final class ConsumerBookTests {
  private var book = ConsumerBook()
  /// What the store holds.
  private var stored: [Int: UInt64] = [:]

  private func use(_ consumers: [Int], counted: UInt64) {
    let stored = stored
    book.use(consumers, counted: counted) { stored[$0] }
  }

  /// Commits what a flush carries.
  @discardableResult
  private func commit(counted: UInt64) -> [Int: UInt64] {
    let positions = book.take(counted: counted)
    book.didCommit(positions)
    for (plugin, position) in positions { stored[plugin] = max(stored[plugin] ?? 0, position) }
    return Dictionary(positions.map { ($0.plugin, $0.position) }) { one, _ in one }
  }

  @Test("A plugin without a position begins with what comes next")
  func new() {
    use([1], counted: 10)
    #expect(book.isAtHead(1))
    #expect(book.isDirty)
    #expect(commit(counted: 10) == [1: 10])
    #expect(!book.isDirty)
  }

  @Test("A plugin that was off goes on at its own position, and joins when it has caught up")
  func behind() {
    stored = [1: 4]
    use([1, 2], counted: 10)
    #expect(!book.isAtHead(1))
    #expect(book.last?.plugin == 1 && book.last?.position == 4)
    book.advance(1, to: 7)
    #expect(commit(counted: 12) == [1: 7, 2: 12])
    book.join(1)
    #expect(book.isAtHead(1))
    #expect(commit(counted: 12) == [1: 12, 2: 12])
  }

  @Test("The farthest behind catches up first")
  func order() {
    stored = [1: 6, 2: 4]
    use([1, 2], counted: 10)
    #expect(book.last?.plugin == 2)
    book.advance(2, to: 8)
    #expect(book.last?.plugin == 1)
  }

  @Test("Switched off, its position is committed with its last effects")
  func leaves() {
    use([1, 2], counted: 5)
    commit(counted: 5)
    use([2], counted: 8)
    #expect(book.isDirty)
    #expect(commit(counted: 9) == [1: 8, 2: 9])
    #expect(commit(counted: 11) == [2: 11])
  }

  @Test("Switched on again before that commit, it goes on where it left, not where the store is")
  func comesBack() {
    use([1, 2], counted: 5)
    commit(counted: 5)
    use([2], counted: 8)
    use([1, 2], counted: 9)
    #expect(book.last?.position == 8)
    #expect(commit(counted: 9) == [1: 8, 2: 9])
  }

  @Test("Off and on between two batches, it has missed nothing")
  func blinks() {
    use([1], counted: 8)
    use([], counted: 8)
    use([1], counted: 8)
    #expect(book.isAtHead(1))
  }

  @Test("A flush under way does not settle what left after it was taken")
  func leavesMeanwhile() {
    use([1], counted: 5)
    let taken = book.take(counted: 5)
    use([], counted: 7)
    book.didCommit(taken)
    #expect(commit(counted: 7) == [1: 7])
  }

  @Test("After a failed commit everybody goes on from what is committed")
  func resets() {
    stored = [1: 3]
    use([1, 2], counted: 5)
    commit(counted: 5)
    book.advance(1, to: 5)
    book.join(1)
    use([1, 2, 3], counted: 8)
    book.reset(counted: 5)
    #expect(book.last?.plugin == 1 && book.last?.position == 3)
    #expect(book.isAtHead(2) && book.isAtHead(3))
  }

  @Test("After a failed commit a plugin that is off has not seen what was dropped")
  func resetsLeft() {
    use([1, 2], counted: 5)
    commit(counted: 5)
    use([2], counted: 8)
    book.reset(counted: 5)
    #expect(commit(counted: 9) == [2: 9])
    use([1, 2], counted: 9)
    #expect(book.last?.position == 5)
  }

  @Test("One that cannot read on lets the others by, and tries again")
  func stalls() {
    stored = [1: 2, 2: 4]
    use([1, 2], counted: 9)
    book.stall(1)
    #expect(book.last?.plugin == 2)
    book.advance(2, to: 9)
    book.join(2)
    #expect(book.last == nil)
    #expect(commit(counted: 9) == [1: 2, 2: 9])
    book.retryStalled()
    #expect(book.last?.plugin == 1)
  }

  @Test("A plugin that was given up keeps its position until another one takes its place")
  func givenUp() {
    use([1, 2], counted: 10)
    commit(counted: 10)
    let isNews = book.giveUp([(plugin: 1, position: 14)], counted: 20)
    #expect(isNews)
    let again = book.giveUp([(plugin: 1, position: nil)], counted: 25)
    #expect(!again)
    #expect(!book.isAtHead(1) && book.isAtHead(2) && book.last == nil)
    #expect(commit(counted: 30) == [1: 14, 2: 30])
    book.retryStalled()
    #expect(book.last == nil)
    book.join(1)
    #expect(!book.isAtHead(1))
    book.reset(counted: 14)
    #expect(!book.isAtHead(1) && book.behind == [1: 14])
    let isBack = book.giveUp([], counted: 30)
    #expect(isBack)
    #expect(book.last?.plugin == 1)
  }

  @Test("A plugin that was given up on the last batch goes on behind it")
  func givenUpAtHead() {
    use([1], counted: 10)
    let isNews = book.giveUp([(plugin: 1, position: nil)], counted: 20)
    #expect(isNews)
    #expect(commit(counted: 30) == [1: 20])
  }
}
