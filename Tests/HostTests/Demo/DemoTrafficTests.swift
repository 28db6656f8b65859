import Foundation
import Testing

@testable import Host

@Suite struct DemoTrafficTests {
  private static let now: Int64 = 1_763_730_000_000

  private func all(_ app: Int, seed: UInt64) throws -> [DemoTraffic.Request] {
    let traffic = try DemoTraffic(app, users: 60, days: 10, seed: seed, nowMs: Self.now)
    return (0..<10).flatMap { traffic.requests(ofDay: $0) }
  }

  private func object(_ request: DemoTraffic.Request) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(request.json.utf8))
    return try #require(value as? [String: Any], "\(request.json)")
  }

  @Test("The same seed gives the same requests, another one others", arguments: 0..<3)
  func seeds(app: Int) throws {
    let first = try all(app, seed: 7)
    #expect(try all(app, seed: 7) == first)
    #expect(try all(app, seed: 8) != first)
    #expect(first.count > 300)
  }

  @Test("Every request is one an SDK could have sent, in order and never from the future")
  func plausible() throws {
    for app in 0..<3 {
      var last: Int64 = 0
      var sessions: Set<String> = []
      for request in try all(app, seed: 3) {
        let members = try object(request)
        #expect(request.ms >= last && request.ms < Self.now)
        #expect(request.ms > Self.now - 11 * 86_400_000)
        #expect(members["timestamp"] as? Int64 == request.ms)
        last = request.ms
        let device = try #require(members["device_id"] as? String)
        if members["begin_session"] != nil { sessions.insert(device) }
        #expect(sessions.contains(device), "\(device) begins with a session")
        for event in members["events"] as? [[String: Any]] ?? [] {
          let at = try #require(event["timestamp"] as? Int64)
          #expect(at <= request.ms + 1_000 && at > request.ms - 3_600_000)
          #expect(event["key"] as? String != nil)
        }
      }
    }
  }

  @Test("Days differ, crashes are rare, and some users come back")
  func believable() throws {
    let requests = try all(1, seed: 1)
    let crashes = requests.filter { $0.json.contains("\"crash\":") }.count
    let begins = requests.filter { $0.json.contains("\"begin_session\":1") }
    #expect(crashes > 0 && crashes * 10 < begins.count)
    let devices = try Set(begins.map { try object($0)["device_id"] as? String })
    #expect(devices.count > 40 && devices.count < begins.count)
    let days = Dictionary(grouping: begins) { $0.ms / 86_400_000 }.mapValues(\.count)
    #expect(Set(days.values).count > 4)
  }
}
