/// `/o?method=user_details`: one user by `uid`, `did` or `_id`; else a table of those a `query` or
/// `sSearch` means, else of all, newest first.
struct UserListing {
  /// Rows of a page nobody gave a length.
  private static let lengthDefault = 50

  let service: UserService
  let app: RegisteredApp

  func answer(_ request: QueryRequest) throws -> QueryReply {
    let escaping = request.parameters["noescape"] != "true"
    for name in ["uid", "did", "_id"] {
      guard let value = request.parameters[name] else { continue }
      let query = UserQuery.compare(path: name, .equal, .string(value))
      let user = try service.read(app) { try $0.users(query, limit: 1).first }
      return reply((user?.document ?? .object([:])).text(escaping: escaping))
    }
    let start = Self.number(request.parameters["iDisplayStart"], 0, max: .max)
    let length = Self.number(
      request.parameters["iDisplayLength"], Self.lengthDefault, max: UserDirectory.listMax)
    let query = try query(of: request)
    return try service.read(app) { users in
      let total = try users.snapshot.userCount(app: app.number)
      var shown = total
      let page: [AppUser]
      if let all = try chosen(query, request.parameters["sSearch"] ?? "", users) {
        shown = all.count
        page = Array(all.dropFirst(start).prefix(length))
      } else {
        page = try users.page(from: start, length: length)
      }
      let table = JSONValue.object([
        "sEcho": .string(request.parameters["sEcho"] ?? ""),
        "iTotalRecords": .number(Double(total)),
        "iTotalDisplayRecords": .number(Double(shown)), "aaData": .array(page.map(\.document)),
      ])
      return reply(table.text(escaping: escaping))
    }
  }

  /// nil for everybody.
  private func chosen(
    _ query: UserQuery?, _ text: String, _ users: UserDirectory
  ) throws -> [AppUser]? {
    if !text.isEmpty {
      let found = try users.users(text: text, limit: UserDirectory.listMax)
      return query.map { query in found.filter { query.matches($0.document) } } ?? found
    }
    return try query.map { try users.users($0, limit: UserDirectory.listMax) }
  }

  private func query(of request: QueryRequest) throws -> UserQuery? {
    guard let text = request.parameters["query"], !text.isEmpty else { return nil }
    guard let value = JSONValue(text) else {
      throw UserDesk.Refusal(reason: "Could not parse parameter \"query\": \(text.prefix(200))")
    }
    let query = try UserService.query(value)
    return query.isEmpty ? nil : query
  }

  private func reply(_ text: String) -> QueryReply {
    QueryReply(status: 200, body: Array(text.utf8))
  }

  private static func number(_ text: String?, _ otherwise: Int, max: Int) -> Int {
    text.flatMap { Int($0) }.map { min(Swift.max($0, 0), max) } ?? otherwise
  }
}
