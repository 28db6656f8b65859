import PluginRuntime
import Store

/// `/o?method=jobs`: jobs of plugins and of the host, one line for each kind, or with `name` one for
/// each job of it.
struct JobListing: Sendable {
  /// Jobs one question looks through, and lines of one answer.
  private static let scannedMax = 10_000
  private static let (rowsStandard, rowsMax) = (10, 1_000)
  static let parameters = [
    "name": "Of one kind, job by job.", "sSearch": "Part of a name.", "sEcho": "Given back.",
    "iDisplayStart": "Lines left out.", "iDisplayLength": "Lines shown.",
    "iSortCol_0": "The column to sort by.", "sSortDir_0": "asc or desc.",
  ]

  let core: Core

  func answer(_ visit: Visit) throws -> QueryReply {
    let parameters = visit.request.parameters
    let jobs = try core.store.jobs(limit: Self.scannedMax)
    let name = parameters["name"]
    let own = core.housekeeping.records
    var rows =
      name.map { name in
        jobs.filter { Self.name($0.job) == name }.map(single)
          + own.filter { $0.name == name }.flatMap(HostJobs.runs)
      } ?? kinds(jobs) + own.map(HostJobs.kind)
    if let search = parameters["sSearch"]?.lowercased(), !search.isEmpty {
      rows = rows.filter { $0.value(at: "name")?.string?.lowercased().contains(search) == true }
    }
    let columns =
      name == nil
      ? ["name", "schedule", "next", "finished", "status", "total"]
      : ["schedule", "next", "finished", "status", "data", "duration"]
    let shown = Self.sorted(rows, columns, parameters)
    let start = max(0, parameters["iDisplayStart"].flatMap { Int($0) } ?? 0)
    let length = parameters["iDisplayLength"].flatMap { Int($0) } ?? Self.rowsStandard
    return QueryReply(
      .object([
        "sEcho": .string(parameters["sEcho"] ?? ""),
        "iTotalRecords": .number(Double(rows.count)),
        "iTotalDisplayRecords": .number(Double(rows.count)),
        "aaData": .array(Array(shown.dropFirst(start).prefix(min(max(length, 0), Self.rowsMax)))),
      ]))
  }

  private static func sorted(
    _ rows: [JSONValue], _ columns: [String], _ parameters: [String: String]
  ) -> [JSONValue] {
    guard let place = parameters["iSortCol_0"].flatMap({ Int($0) }), columns.indices.contains(place)
    else { return rows }
    let isUp = parameters["sSortDir_0"] != "desc"
    return rows.enumerated().sorted { one, other in
      let order = compare(
        one.element.value(at: columns[place]), other.element.value(at: columns[place]))
      return order == 0 ? one.offset < other.offset : isUp == (order < 0)
    }.map(\.element)
  }

  /// Numbers as numbers, everything else as its text.
  private static func compare(_ one: JSONValue?, _ other: JSONValue?) -> Int {
    if case .number(let one)? = one, case .number(let other)? = other {
      return one == other ? 0 : one < other ? -1 : 1
    }
    let (one, other) = (one?.text() ?? "", other?.text() ?? "")
    return one == other ? 0 : one < other ? -1 : 1
  }

  private static func name(_ job: StoredJob) -> String { "\(job.plugin):\(job.name)" }

  private static func status(_ job: StoredJob) -> String {
    switch job.state {
    case .waiting: "SCHEDULED"
    case .running: "RUNNING"
    case .done: "DONE"
    case .failed: "FAILED"
    case .cancelled: "CANCELLED"
    }
  }

  /// The newest job of each kind says how the kind does.
  private func kinds(_ jobs: [ListedJob]) -> [JSONValue] {
    let groups = Dictionary(grouping: jobs) { Self.name($0.job) }
    return groups.sorted { $0.key < $1.key }.compactMap { name, jobs in
      guard let newest = jobs.first else { return nil }
      let last = jobs.first { $0.finishedMs > 0 }
      return .object([
        "_id": .string(name), "name": .string(name), "rowId": .string(name),
        "status": .string(Self.status(newest.job)), "schedule": .string(schedule(newest.job)),
        "next": .number(newest.finishedMs == 0 ? Double(newest.job.dueMs) : 0),
        "finished": .number(Double(last?.finishedMs ?? 0)), "total": .number(Double(jobs.count)),
      ])
    }
  }

  private func single(_ listed: ListedJob) -> JSONValue {
    let job = listed.job
    return .object([
      "_id": .string("\(job.id)"), "name": .string(Self.name(job)),
      "created": .number(Double(job.dueMs)), "status": .string(Self.status(job)),
      "started": .number(Double(job.dueMs)), "finished": .number(Double(listed.finishedMs)),
      "duration": .number(Double(max(0, listed.finishedMs - job.dueMs))),
      "data": .object(["attempt": .number(Double(job.attempt))]),
      "schedule": .string(schedule(job)),
      "next": .number(listed.finishedMs == 0 ? Double(job.dueMs) : 0),
      "modified": .number(Double(max(listed.finishedMs, job.dueMs))), "error": .string(job.error),
    ])
  }

  private func schedule(_ job: StoredJob) -> String {
    core.services.jobs.schedule(plugin: job.plugin, name: job.name)?.text ?? "once"
  }
}
