import Foundation
import Harness
import TestThreads
import Testing

/// The server against the recount, on seeded streams. SEED=n repeats one; TODAY=ms repeats it as
/// of another day.
@Suite(.serialized, .ownThread) struct SimulationTests {
  /// The last instant a request may carry: an hour ago.
  static let today =
    Environment["TODAY"].flatMap { Int64($0) } ?? Clock.unixMilliseconds - 3_600_000

  @Test("Any stream gives the same answers as a recount", arguments: SeededGenerator.seeds(50))
  func agrees(seed: UInt64) throws {
    let stream = Stream(seed: seed, today: Self.today)
    var recount = Recount(zone: stream.zone)
    for item in stream.items { recount.apply(item) }
    let server = try TallyServer(zone: stream.zone.identifier)
    try server.start()
    let delivery = Delivery(server: server, seed: seed)
    try delivery.send(stream.items)
    try server.settle()
    let differences = try Comparison(server: server, recount: recount).differences()
    #expect(
      differences.isEmpty,
      """
      seed \(seed), zone \(stream.zone.identifier), \(stream.items.count) items, \
      \(delivery.restarts) restarts; repeat with SEED=\(seed) TODAY=\(Self.today)
      \(differences.prefix(40).joined(separator: "\n"))
      """)
    // And so do the raw items, counted once more.
    #expect(server.terminate() == .code(0))
    let (status, report) = try server.rebuild()
    #expect(status == .code(0), "seed \(seed): \(report)")
  }
}
