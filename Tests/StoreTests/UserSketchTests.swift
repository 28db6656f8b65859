import Testing

@testable import Store

struct UserSketchTests {
  private static let seeds: [UInt64] = [1, 7, 2_026]

  /// Users as a store numbers them, some of them of a range of their own.
  private func users(_ count: Int, from first: UInt64 = 1) -> [UInt64] {
    (0..<UInt64(count)).map { first + $0 }
  }

  private func error(_ sketch: UserSketch, _ exact: Int) -> Double {
    (Double(sketch.count) - Double(exact)).magnitude / Double(max(exact, 1))
  }

  @Test("Up to its limit it counts exactly, whoever comes how often in whatever order")
  func exact() {
    var random = SplitMix(seed: 7)
    for count in [0, 1, 2, 500, UserSketch.exactMax] {
      var sketch = UserSketch()
      let all = users(count, from: 1 << 40)
      for _ in 0..<3 { sketch.insert(all.shuffled(using: &random)) }
      #expect(sketch.count == Int64(count))
      #expect(sketch.isExact)
    }
    var sketch = UserSketch()
    sketch.insert(users(UserSketch.exactMax + 1))
    #expect(!sketch.isExact)
  }

  @Test("Beyond it, its error is what a HyperLogLog of 2^14 registers promises")
  func errors() {
    var squares = 0.0
    var trials = 0
    for count in [1_001, 3_000, 10_000, 30_000, 50_000, 100_000, 300_000] {
      for first in [UInt64(1), 1_000_003, 1 << 33, 1 << 52] {
        var sketch = UserSketch()
        sketch.insert(users(count, from: first))
        let error = error(sketch, count)
        #expect(error < 4 * UserSketch.standardError, "\(count) users from \(first): \(error)")
        squares += error * error
        trials += 1
      }
    }
    let deviation = (squares / Double(trials)).squareRoot()
    #expect(deviation <= 0.01, "the standard error is \(deviation)")
  }

  @Test("Days put together tell what one sketch of all their users would", arguments: seeds)
  func merged(_ seed: UInt64) {
    var random = SplitMix(seed: seed)
    for _ in 0..<20 {
      let population = UInt64.random(in: 10...20_000, using: &random)
      var (whole, union, exact) = (UserSketch(), UserSketch(), Set<UInt64>())
      var days: [UserSketch] = []
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        let day = (0..<Int.random(in: 0...3_000, using: &random)).map { _ in
          UInt64.random(in: 1...population, using: &random)
        }
        var sketch = UserSketch()
        for part in [day[..<(day.count / 2)], day[(day.count / 2)...]] { sketch.insert(part) }
        whole.insert(day)
        exact.formUnion(day)
        days.append(sketch)
      }
      for day in days.shuffled(using: &random) { union.merge(day) }
      #expect(union == whole)
      #expect(union.isExact == (exact.count <= UserSketch.exactMax))
      let bound = union.isExact ? 0 : 5 * UserSketch.standardError
      #expect(error(union, exact.count) <= bound, "seed \(seed): \(union.count), \(exact.count)")
    }
  }

  @Test("What is written is read again, and nothing else is")
  func bytes() {
    for count in [0, 1, 999, 1_000, 1_001, 40_000] {
      var sketch = UserSketch()
      sketch.insert(users(count).map { $0 &* 0x9E37_79B9 })
      #expect(sketch.bytes.withUnsafeBytes { UserSketch(bytes: $0) } == sketch)
    }
    var small = UserSketch()
    small.insert(users(1_000))
    #expect(small.bytes.count == 1_001)
    let endless = [1] + [UInt8](repeating: 0x80, count: 12)
    let broken: [[UInt8]] = [[], [0], [3, 1], [1, 0x80], [2], [2, 1, 1], endless]
    for bytes in broken { #expect(bytes.withUnsafeBytes { UserSketch(bytes: $0) } == nil) }
  }
}
