import Foundation
import Logging
import PluginABI
import PluginRuntime
import Store

// Measures what calling a hook costs, by the number of events in a batch: no hook, one in C, one in
// Swift, and the one in C in a process of its own, by the clock and by the time of all processors,
// which is less where two processes wait for each other. `swift run -c release hook-bench`; lanes
// may be named as arguments.

/// One plugin, in one lane, in a runtime of its own.
final class HookBench {
  static let sizes = [1, 100, 1_000]
  static let rounds = 7
  static let secondsPerRound = 0.2

  private let dispatcher: Dispatcher
  private let runtime: PluginRuntime
  private let users: [Int32]
  private var position: UInt64 = 0

  private let batches = try? BatchMemory()

  init(_ code: PluginRuntime.Request.Code?, folder: String) throws {
    let store = try Store.open(directory: folder + "/data-\(UUID().uuidString)")
    let set = try store.workingSet()
    let services = HostTable.Services(
      log: Logger(label: "hook-bench"), productVersion: "1.0.0", intern: { _ in 1 },
      batches: batches)
    runtime = PluginRuntime(store: set, services: services, nearest: { _, _ in nil })
    if let code { runtime.start(.init(code, settings: [])) }
    if let refusal = runtime.refusals.first { throw refusal.error }
    dispatcher = runtime.dispatcher(
      breadcrumb: try Breadcrumb(path: folder + "/breadcrumb"), suspects: Suspects())
    users = try (0..<1_000).map { number in
      try Array("device-\(number)".utf8).withUnsafeBytes {
        try set.user(app: 1, device: $0, nowMs: 1_000).slot
      }
    }
  }

  /// Nanoseconds of one event.
  struct Cost {
    let clock: Double
    /// What this process and the runner computed.
    let processors: Double
  }

  /// The medians of all rounds.
  func measure(events: Int) throws -> Cost {
    guard let memory = batches?[.built] else { throw CocoaError(.fileWriteOutOfSpace) }
    let block = EventBlock(events: events, users: users, in: memory)
    try run(block, times: 10)
    var results: [Cost] = []
    var times = 10
    while results.count < Self.rounds {
      let computed = computedNanoseconds
      let begun = ContinuousClock.now
      try run(block, times: times)
      let spent = begun.duration(to: .now).components
      let seconds = Double(spent.seconds) + Double(spent.attoseconds) / 1e18
      if seconds < Self.secondsPerRound {
        times = max(times + 1, Int(Double(times) * min(10, 1.2 * Self.secondsPerRound / seconds)))
      } else {
        let events = Double(times * events)
        results.append(
          Cost(
            clock: seconds * 1e9 / events,
            processors: (computedNanoseconds - computed) / events))
      }
    }
    return Cost(
      clock: results.map(\.clock).sorted()[Self.rounds / 2],
      processors: results.map(\.processors).sorted()[Self.rounds / 2])
  }

  /// What this process and the runner have computed so far.
  private var computedNanoseconds: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let own =
      Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3
    guard let runner = runtime.instances.first?.lane?.status.process else { return own }
    // Hooks run on the first thread of a runner.
    let told = try? String(contentsOfFile: "/proc/\(runner)/schedstat", encoding: .utf8)
    return own + (told?.split(separator: " ").first.flatMap { Double($0) } ?? 0)
  }

  private func run(_ block: EventBlock, times: Int) throws {
    try block.users.withUnsafeBufferPointer { users in
      for _ in 0..<times {
        position += 1
        try dispatcher.run(
          .init(
            batch: block.batch, users: users, positions: position...position,
            contains: { _ in true }))
      }
    }
  }

  func end() {
    dispatcher.end()
    runtime.stop()
  }
}

func compileWalk(into folder: String) throws -> String {
  let own = URL(filePath: #filePath).deletingLastPathComponent()
  let root = own.deletingLastPathComponent().deletingLastPathComponent().path
  let library = folder + "/libwalk.so"
  let compiler = Process()
  compiler.executableURL = URL(filePath: "/usr/bin/env")
  compiler.arguments = [
    "cc", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-I\(root)/Sources/PluginABI/include",
    own.path + "/walk.c", "-o", library,
  ]
  try compiler.run()
  compiler.waitUntilExit()
  guard compiler.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
  return library
}

let folder = NSTemporaryDirectory() + "hook-bench-\(UUID().uuidString)"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
let library = try compileWalk(into: folder)
let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
let runner = (own as NSString).deletingLastPathComponent + "/tally-runner"
let plan = IsolationPlan(name: "walk", path: library, program: runner)
let lanes: [(name: String, code: PluginRuntime.Request.Code?)] = [
  ("no hook", nil), ("C, inproc", .library(name: "walk", path: library)),
  ("Swift, inproc", .builtin({ tallyPluginWalkSwift() })), ("C, isolated", .isolated(plan)),
]
print("ns an event" + HookBench.sizes.map { "\tbatch \($0)" }.joined())
let wanted = CommandLine.arguments.dropFirst()
for lane in lanes where wanted.isEmpty || wanted.contains(lane.name) {
  let bench = try HookBench(lane.code, folder: folder)
  let results = try HookBench.sizes.map { try bench.measure(events: $0) }
  print(lane.name + results.map { "\t\(($0.clock * 10).rounded() / 10)" }.joined())
  print(
    "  of processors" + results.map { "\t\(($0.processors * 10).rounded() / 10)" }.joined())
  bench.end()
}
