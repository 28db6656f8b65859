import NIOPosix
import TestThreads
import Testing

import enum Harness.Patience

@testable import Host

/// `/o?method=jobs`.
@Suite(.serialized, .ownThread) struct JobListingTests {
  private let stand: Stand

  init() throws { stand = try Stand(worker) }

  private func list(_ more: [String: String]) throws -> JSONValue {
    var parameters = more
    parameters["api_key"] = try stand.core.store.member(username: "owner")?.apiKey
    let reply = OwnRoutes(core: stand.core).answer(
      QueryRequest(httpMethod: "GET", path: "/o?method=jobs", parameters: parameters))
    #expect(reply.status == 200)
    return try #require(JSONValue(String(decoding: reply.body, as: UTF8.self)))
  }

  private func rows(_ more: [String: String]) throws -> [JSONValue] {
    guard case .array(let rows)? = try list(more).value(at: "aaData") else { return [] }
    return rows
  }

  private func order(_ job: String, _ count: Int) {
    for _ in 0..<count {
      _ = stand.ask(["method": "worker", "do": "order", "job": job])
    }
  }

  @Test("Each kind has a line with its newest job, each job of a kind one of its own")
  func lines() throws {
    order("quick", 3)
    order("fails", 1)
    let isDone = Patience.wait {
      let quick = try? rows(["name": "worker:quick"])
      return quick?.count == 3
        && quick?.allSatisfy { $0.value(at: "status") == .string("DONE") } == true
    }
    #expect(isDone)
    let kinds = try rows(["sSearch": "worker:", "iDisplayLength": "100"])
    let names = kinds.compactMap { $0.value(at: "name")?.string }
    #expect(names == ["worker:fails", "worker:quick", "worker:ticks"])
    let quick = kinds[1]
    #expect(quick.value(at: "total") == .number(3))
    #expect(quick.value(at: "schedule") == .string("once"))
    #expect(kinds[2].value(at: "schedule") == .string("every 1s"))
    #expect(
      try rows(["name": "worker:quick", "iDisplayStart": "1", "iDisplayLength": "1"]).count == 1)
    #expect(
      try list(["name": "worker:quick", "sEcho": "e"]).value(at: "iTotalRecords") == .number(3))
    #expect(try rows(["name": "none"]).isEmpty)
  }

  @Test("Lines are sorted by the column that is named")
  func sorted() throws {
    order("quick", 2)
    order("single", 1)
    let parameters = ["sSearch": "worker:", "iSortCol_0": "0"]
    let up = try rows(parameters.merging(["sSortDir_0": "asc"]) { $1 }).map { $0.value(at: "name") }
    let down = try rows(parameters.merging(["sSortDir_0": "desc"]) { $1 }).map {
      $0.value(at: "name")
    }
    #expect(up.count >= 2 && up == down.reversed())
  }
}
