import Testing

@testable import Host

@Suite("When the pipeline rests to let more come together")
struct BatchSizeTests {
  @Test(
    "Neither a batch full of entries nor one full of bytes is small",
    arguments: [
      (1, 500, true), (255, 60_000, true), (256, 60_000, false), (3, 130_000, false),
      (1, 65_536, false), (1, 10 << 20, false),
    ])
  func small(entries: Int, bytes: Int, isSmall: Bool) {
    #expect(Pipeline.isSmall(entries: entries, bytes: bytes) == isSmall)
  }
}
