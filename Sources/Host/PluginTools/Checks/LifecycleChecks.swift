import Foundation
import PluginRuntime
import PluginTestKit

extension PluginCheck {
  private static let rounds = 100
  private static let warmUp = 10
  /// Growth that a hundred rounds may leave behind.
  private static let growthBytesMax = 2 << 20
  /// Interned names a plugin is refused after, one after the other.
  private static let refusedNamesMax = 8

  /// create, enroll, start, drain, stop, destroy: again and again, in parallel, and cut short.
  static let lifecycleChecks: [PluginCheck] = [
    PluginCheck("life.create", "create and destroy, \(rounds) times") { subject in
      try withProbe(subject) { probe in
        try balanced(subject) { try probe.createAndDestroy() }
      }
    },
    PluginCheck("life.cycle", "from create to destroy, \(rounds) times") { subject in
      try withProbe(subject) { probe in
        try balanced(subject) { probe.end(try probe.start()) }
      }
    },
    PluginCheck("life.two", "two instances at once") { subject in
      try withProbe(subject) { probe in
        let (first, second) = (try probe.start(), try probe.start())
        probe.end(first)
        let third = try probe.start()
        probe.end(third)
        probe.end(second)
        return []
      }
    },
    PluginCheck("life.state", "what one generation exports, the next takes over and exports again")
    {
      subject in
      try withProbe(subject) { probe in
        guard let (exported, again) = try probe.passState() else {
          return [.note("it keeps no state")]
        }
        return exported == again
          ? [.note("\(exported.count) bytes")]
          : [
            .failure(
              "an instance exported \(exported.count) bytes; one that took them over exported "
                + "\(again.count) others. Export all that import needs, always in the same order")
          ]
      }
    },
    PluginCheck("life.refused", "takes a refusal in enroll and leaves nothing") { subject in
      try refused(subject)
    },
  ]

  /// Threads, descriptors and memory after a hundred rounds are those before.
  private static func balanced(_ subject: Subject, _ round: () throws -> Void) throws -> [Finding] {
    for number in 0..<warmUp {
      subject.trace("round \(number)")
      try round()
    }
    let before = ProcessFacts.settled()
    for number in 0..<rounds {
      subject.trace("round \(warmUp + number)")
      try round()
    }
    let after = ProcessFacts.settled(like: before)
    var found: [Finding] = []
    if after.threads > before.threads {
      found.append(
        .failure(
          "\(after.threads - before.threads) threads more after \(rounds) rounds; join them in stop"
        ))
    }
    if after.descriptors > before.descriptors {
      found.append(
        .failure(
          "\(after.descriptors - before.descriptors) open files more after \(rounds) rounds; close "
            + "them in destroy"))
    }
    let growth = after.memoryBytes - before.memoryBytes
    if growth > growthBytesMax {
      found.append(
        .failure("\(growth / rounds) bytes more after each round; free what create made in destroy")
      )
    }
    return found
  }

  /// The host knows no more names: the first, the second, … that the plugin asks for is refused.
  private static func refused(_ subject: Subject) throws -> [Finding] {
    var found: [Finding] = []
    for limit in 0..<refusedNamesMax {
      subject.trace("enroll with \(limit) names")
      var options = TestHost.Options()
      options.withBuiltins = false
      do {
        _ = try TestHost([subject.plugin], names: TestNames(limit: limit), options: options)
        return found + [.note("starts with \(limit) interned names")]
      } catch let error as PluginError where error.message.contains("no reason given") {
        found.append(
          .warning("refuses to start with \(limit) names and gives no reason; set tally_error"))
      } catch is PluginError {}
    }
    return found
  }
}

/// What a process holds at one moment.
struct ProcessFacts: Equatable {
  var threads: Int
  var descriptors: Int
  var memoryBytes: Int

  private static let waitSeconds = 0.02
  private static let waitsMax = 100

  init() {
    let files = FileManager.default
    threads = (try? files.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
    descriptors = (try? files.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    let pages = (files.contents(atPath: "/proc/self/statm") ?? Data())
      .split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    memoryBytes = (pages.count > 1 ? Int(pages[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Once threads that are ending have ended.
  static func settled(like wanted: ProcessFacts? = nil) -> ProcessFacts {
    var facts = ProcessFacts()
    for _ in 0..<waitsMax {
      if let wanted, facts.threads <= wanted.threads, facts.descriptors <= wanted.descriptors {
        return facts
      }
      Thread.sleep(forTimeInterval: waitSeconds)
      let next = ProcessFacts()
      if wanted == nil, next.threads == facts.threads { return next }
      facts = next
    }
    return facts
  }
}
