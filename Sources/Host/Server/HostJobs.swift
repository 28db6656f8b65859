import Logging
import Store

/// The host's own jobs, and how they are told where those of plugins are.
enum HostJobs {
  /// Tokens that are over go: the name by which clients look for what tidies up.
  static let tasks = "api:task"
  /// Raw items go that are older than they may be, or that the tables have forgotten.
  static let retention = "tally:retention"
  /// When keys of apps were used last is kept.
  static let uses = "tally:last-data"

  private static let schedule = "every \(Int(Housekeeping.pauseSeconds))s"

  /// One line about a job.
  static func kind(_ record: Housekeeping.Record) -> JSONValue {
    let isRunning = record.runs.first?.finishedMs == 0
    let finished = record.runs.first { $0.finishedMs > 0 }?.finishedMs ?? 0
    return .object([
      "_id": .string(record.name), "name": .string(record.name), "rowId": .string(record.name),
      "status": .string(isRunning ? "RUNNING" : "SCHEDULED"), "schedule": .string(schedule),
      "next": .number(Double(record.nextMs)), "finished": .number(Double(finished)),
      "total": .number(Double(record.runs.first?.number ?? 0)),
    ])
  }

  /// One line about each time that is remembered.
  static func runs(_ record: Housekeeping.Record) -> [JSONValue] {
    record.runs.map { run in
      let isRunning = run.finishedMs == 0
      let modified = isRunning ? run.startedMs : run.finishedMs
      return .object([
        "_id": .string("\(record.name):\(run.number)"), "name": .string(record.name),
        "created": .number(Double(run.startedMs)), "started": .number(Double(run.startedMs)),
        "status": .string(isRunning ? "RUNNING" : run.error.isEmpty ? "DONE" : "FAILED"),
        "finished": .number(Double(run.finishedMs)),
        "duration": .number(Double(modified - run.startedMs)),
        "data": .object(["done": .number(Double(run.done))]), "schedule": .string(schedule),
        "next": .number(Double(record.nextMs)), "modified": .number(Double(modified)),
        "error": .string(run.error),
      ])
    }
  }
}

extension Core {
  static func housekeeping(
    _ keeper: RawKeeper, _ store: Store, _ directory: AppDirectory, _ tokens: TokenKeeper,
    _ log: Logger
  ) -> Housekeeping {
    Housekeeping(
      [
        .init(name: HostJobs.retention) { try keeper.tidy() },
        .init(name: HostJobs.tasks) { try tokens.sweep(nowS: Clock.system.nowMs / 1_000) },
        .init(name: HostJobs.uses) {
          let uses = directory.snapshot.lastDataMs
          try store.noteLastData(uses)
          return uses.count
        },
      ], log: log)
  }
}
