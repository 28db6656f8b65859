/// `/o/tasks/*` and `/i/tasks/*`: questions that became tasks because they took long. Every question
/// is answered here or refused in its time, so that there are none; clients are told so in the
/// shapes they read.
struct TaskAnswers: Sendable {
  private static let id = ["task_id": "The task."]
  private static let unknown = QueryReply(status: 400, message: "Task does not exist")

  var routes: [String: OwnRoute] {
    var routes: [String: OwnRoute] = [
      "/o/tasks/all": Self.reading("Long tasks.") { _ in QueryReply(.array([])) },
      "/o/tasks/count": Self.reading("How many long tasks each app has.") { _ in
        QueryReply(.array([]))
      },
      "/o/tasks/list": Self.reading("Long tasks as a table.") { visit in
        QueryReply(
          .object([
            "sEcho": .string(visit.request.parameters["sEcho"] ?? ""), "aaData": .array([]),
            "iTotalRecords": .number(0), "iTotalDisplayRecords": .number(0),
          ]))
      },
      "/o/tasks/task": OwnRoute(
        need: .readCore, about: .init("One long task.", Self.id), answer: Self.one),
      "/o/tasks/check": OwnRoute(
        need: .readCore, about: .init("Whether a long task is done.", Self.id), answer: Self.one),
    ]
    for order in ["update", "stop", "delete", "name", "edit"] {
      routes["/i/tasks/\(order)"] = OwnRoute(
        need: .appAdmin, about: .init("Changes a long task: \(order).", Self.id),
        answer: Self.one)
    }
    return routes
  }

  private static func reading(
    _ summary: String, _ answer: @escaping @Sendable (Visit) -> QueryReply
  ) -> OwnRoute {
    OwnRoute(need: .readCore, about: .reading(summary), answer: answer)
  }

  private static func one(_ visit: Visit) -> QueryReply {
    visit.request.parameters["task_id"] == nil
      ? QueryReply(status: 400, message: "Missing parameter \"task_id\"") : unknown
  }
}
