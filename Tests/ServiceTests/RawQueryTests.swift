import Foundation
import Store
import TestThreads
import Testing

@testable import Host
@testable import PluginRuntime

@Suite(.serialized, .ownThread) struct RawQueryTests {
  /// A stand with events of three users, four of them on a day of its own.
  private func filled() throws -> Stand {
    let stand = try Stand()
    let now = Clock.system.nowMs
    let day: Int64 = 86_400_000
    let metrics = #""metrics":{"_os":"Android","_app_version":"2.1"}"#
    for (device, ago, plan, sum) in [
      ("a", 1, "pro", "9.5"), ("a", 1, "pro", "0.5"), ("b", 1, "free", "1"), ("c", 3, "free", "2"),
    ] as [(String, Int64, String, String)] {
      try stand.send(
        """
        {"timestamp":\(now - ago * day),"begin_session":1,\(metrics),"events":[
         {"key":"buy","count":2,"sum":\(sum),"segmentation":{"plan":"\(plan)","level":7}},
         {"key":"open"}]}
        """, device: device)
    }
    stand.settle()
    return stand
  }

  private func ask(_ stand: Stand, _ query: String) throws -> (status: Int, body: String) {
    let app = try #require(stand.core.registry.snapshot.byNumber[stand.app.number])
    let questions = RawQuestions(store: stand.core.store, retentionMonths: 14)
    let request = QueryRequest(
      httpMethod: "GET", path: "/o/raw", parameters: ["query": query])
    let reply = try questions.answer(request, app, nowMs: Clock.system.nowMs)
    return (reply.status, String(decoding: reply.body, as: UTF8.self))
  }

  private func groups(_ stand: Stand, _ query: String) throws -> [RawAnswer.Group] {
    let (status, body) = try ask(stand, query)
    #expect(status == 200, "\(body)")
    return try JSONDecoder().decode(RawAnswer.self, from: Data(body.utf8)).groups
  }

  @Test("Rows are filtered, grouped and measured")
  func measures() throws {
    let stand = try filled()
    #expect(
      try groups(
        stand,
        #"""
        {"where":[{"field":"key","one_of":["buy"]}],"group":["segmentation.plan"],
         "measures":[{"kind":"count"},{"kind":"users"},{"kind":"sum","field":"sum"},
          {"kind":"min","field":"sum"},{"kind":"max","field":"sum"},
          {"kind":"average","field":"count"}]}
        """#) == [
          .init(bucket: nil, group: ["free"], values: [2, 2, 3, 1, 2, 2]),
          .init(bucket: nil, group: ["pro"], values: [2, 1, 10, 0.5, 9.5, 2]),
        ])
    #expect(
      try groups(
        stand,
        #"{"where":[{"field":"sum","at_least":1,"at_most":2}],"measures":[{"kind":"count"}]}"#
      ) == [.init(bucket: nil, group: [], values: [2])])
    #expect(
      try groups(
        stand,
        #"{"where":[{"field":"segmentation.level","exists":false}],"group":["key"]}"#
      ) == [.init(bucket: nil, group: ["open"], values: [4])])
    #expect(
      try groups(
        stand, #"{"rows":"items","where":[{"field":"param.metrics","exists":true}]}"#
      ).map(\.values) == [[4]])
    #expect(
      try groups(
        stand, #"{"where":[{"field":"segmentation.level","one_of":["7"]}],"group":["device"]}"#
      ).map(\.group) == [["a"], ["b"], ["c"]])
  }

  @Test("Sessions and items are rows too, and know what was known of their users")
  func rows() throws {
    let stand = try filled()
    #expect(
      try groups(
        stand,
        #"{"rows":"sessions","group":["metrics.os","metrics.app_version"]}"#
      ) == [.init(bucket: nil, group: ["Android", "2:1"], values: [4])])
    #expect(
      try groups(stand, #"{"rows":"items","group":["param.begin_session"]}"#)
        == [.init(bucket: nil, group: ["1"], values: [4])])
  }

  @Test("Buckets are the app's days, and the range is of event time")
  func buckets() throws {
    let stand = try filled()
    let calendar = try LocalCalendar(identifier: "Europe/Istanbul")
    let now = Clock.system.nowMs
    let query = #"{"where":[{"field":"key","one_of":["open"]}],"bucket":"day","#
    let all = try groups(stand, query + #""measures":[{"kind":"users"}]}"#)
    #expect(all.map(\.values) == [[1], [2]])
    let day = CivilDate(day: calendar.day(ofMs: now - 3 * 86_400_000))
    #expect(
      all.first?.bucket
        == String(format: "%04d-%02d-%02d", Int(day.year), Int(day.month), Int(day.day)))
    let late = try groups(stand, query + #""from_ms":\#(now - 2 * 86_400_000)}"#)
    #expect(late.map(\.values) == [[3]])
    let early = try groups(
      stand, query + #""from_ms":\#(now - 4 * 86_400_000),"to_ms":\#(now - 2 * 86_400_000)}"#)
    #expect(early.map(\.values) == [[1]])
  }

  @Test("What cannot be answered is refused with the place of the fault")
  func refusals() throws {
    let stand = try Stand()
    for (query, reason) in [
      ("nonsense", "it is no JSON object"),
      (#"{"group":["color"]}"#, "there is no field \\\"color\\\""),
      (#"{"group":["metrics.color"]}"#, "there is no field \\\"metrics.color\\\""),
      (#"{"group":["a","b","c","d"]}"#, "group has 4 entries, at most 3 are allowed"),
      (#"{"where":[{"one_of":["x"]}]}"#, "where.0.field is missing"),
      (#"{"rows":"cats"}"#, "rows is not what it should be"),
      (#"{"measures":[{"kind":"sum"}]}"#, "measure sum needs a field"),
      (#"{"measures":[]}"#, "measures is empty"),
      (#"{"from_ms":5,"to_ms":5}"#, "from_ms is not before to_ms"),
    ] {
      let answer = try ask(stand, query)
      #expect(answer.status == 400)
      #expect(answer.body == #"{"result":"Invalid parameter \"query\": \#(reason)"}"#)
    }
  }

  @Test("Any query gives what the naive way gives", arguments: 1...3)
  func naive(seed: Int) throws {
    let stand = try Stand()
    var generator = SystemRandomNumberGenerator()
    var expected: [String: (count: Double, users: Set<Int>)] = [:]
    let now = Clock.system.nowMs
    for number in 0..<120 {
      let (user, plan) = (Int.random(in: 0..<9, using: &generator), "p\(number % 7)")
      expected[plan, default: (0, [])].count += 1
      expected[plan, default: (0, [])].users.insert(user)
      try stand.send(
        #"{"timestamp":\#(now - Int64(number) * 977_000),"events":[{"key":"k","segmentation":{"plan":"\#(plan)"}}]}"#,
        device: "u\(user)")
    }
    stand.settle()
    let found = try groups(
      stand,
      #"{"group":["segmentation.plan"],"measures":[{"kind":"count"},{"kind":"users"}]}"#)
    #expect(found.count == expected.count)
    for group in found {
      let need = expected[group.group[0]]
      #expect(group.values == [need?.count, need.map { Double($0.users.count) }])
    }
  }
}
