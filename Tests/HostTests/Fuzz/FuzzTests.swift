import Foundation
import Harness
import Testing

/// Inputs without end for everything that reads what clients send. SEED=n repeats one of them,
/// FUZZ_SECONDS=n goes on for so long for each target, with other inputs at another time.
@Suite("Mutated input", .serialized)
struct FuzzTests {
  private static let rounds: UInt64 = 500
  /// Processor time that one input may take. In a test each error that is thrown costs a backtrace, a
  /// millisecond or more, and each of a thousand parameters may throw one.
  private static let secondsMax = 5.0
  /// What the process may grow by while it reads a target's inputs one after the other.
  private static let residentMegabytesMax = 128

  /// The seeds of one target, and whether there are some left.
  private struct Seeds {
    var next: UInt64 = 1
    var end = FuzzTests.rounds + 1
    var deadline: ContinuousClock.Instant?

    init() {
      if let seed = Environment["SEED"].flatMap({ UInt64($0) }) {
        (next, end) = (seed, seed + 1)
      } else if let seconds = Environment["FUZZ_SECONDS"].flatMap({ Double($0) }) {
        (next, end) = (UInt64(Clock.unixMilliseconds) << 20, .max)
        deadline = .now + .seconds(seconds)
      }
    }

    var isDone: Bool { next >= end || deadline.map { .now >= $0 } ?? false }
  }

  @Test(
    "Anything is read or refused, soundly, at once and in bounded memory",
    arguments: FuzzTarget.all)
  func fuzz(_ target: FuzzTarget) {
    let read = target.reader()
    var seeds = Seeds()
    let (first, isAlone) = (seeds.next, seeds.deadline != nil)
    let residentBefore = Resident.restartPeak()
    FuzzWatch.shared.watch {
      while !seeds.isDone {
        let input = target.mutator.input(seeds.next)
        let begun = Self.processorSeconds
        let fault = FuzzWatch.shared.read(target.name, seed: seeds.next) { read(input) }
        let seconds = Self.processorSeconds - begun
        #expect(
          fault == nil && seconds < Self.secondsMax,
          """
          \(target.name), \(input.count) bytes, \(seconds) s: \(fault ?? "too slow"); \
          repeat with SEED=\(seeds.next)
          """)
        seeds.next += 1
      }
    }
    // Others use memory of the same process unless this is all that runs.
    guard isAlone else { return }
    let grown = Resident.peak() - residentBefore
    print("fuzzing \(target.name): \(seeds.next - first) inputs, \(grown) MB")
    #expect(grown < Self.residentMegabytesMax, "\(target.name)")
  }

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// The memory of this process, in megabytes.
private enum Resident {
  /// Forgets the peak so far; what is used now.
  static func restartPeak() -> Int {
    try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
    return read("VmRSS:")
  }

  static func peak() -> Int { read("VmHWM:") }

  private static func read(_ name: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
    return (line.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0) / 1_024
  }
}
