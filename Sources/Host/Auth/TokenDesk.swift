import Store

/// Makes, deletes and tells tokens: `/i/token/*` and `/o/token/*`. Each has only their own.
struct TokenDesk: Sendable {
  /// Seconds, of whoever says none.
  private static let standardTTL: Int64 = 1_800
  /// Ten years; who wants longer says 0, for ever.
  private static let ttlMax: Int64 = 10 * 366 * 86_400
  private static let textBytesMax = 4_096
  private static let purposeBytesMax = 256

  let keeper: TokenKeeper
  let members: MemberDirectory
  var now: @Sendable () -> Int64 = { Clock.system.nowMs / 1_000 }

  private struct Refusal: Error {
    let text: String
  }

  // MARK: Orders

  func create(_ visit: Visit) throws -> QueryReply {
    // What is less than its owner makes nothing that could be more.
    if visit.isLess { throw AccessDenial.rightMissing }
    do {
      var new = try read(visit.request.parameters, owner: visit.member.id)
      if let bound = visit.token.flatMap(Self.end) {
        new.maxEnds = new.maxEnds == 0 ? bound : min(new.maxEnds, bound)
      }
      guard let made = try keeper.make(new, nowS: now()) else { throw AccessDenial.memberUnknown }
      return QueryReply(status: 200, message: made.text)
    } catch let refusal as Refusal {
      return QueryReply(status: 404, message: refusal.text)
    } catch let error as StoreError where error.code == .invalid {
      return QueryReply(status: 404, message: error.message)
    }
  }

  /// A browser's session ends soon, and is the member all the same.
  private static func end(of token: AccessToken) -> Int64? {
    token.ttl == 0 || token.kind == .session ? nil : token.ends
  }

  /// A short-lived token that is checked without a look at anything that is kept.
  func sign(_ visit: Visit) throws -> QueryReply {
    if visit.isLess { throw AccessDenial.rightMissing }
    let made = try SignedToken(vault: keeper.vault).make(visit.member, nowS: now())
    return QueryReply(status: 200, message: made)
  }

  func delete(_ visit: Visit) throws -> QueryReply {
    guard let text = visit.request.parameters["tokenid"], !text.isEmpty else {
      return QueryReply(status: 404, message: "Token id not provided")
    }
    let own = keeper.tokens(of: visit.member.id).filter { $0.text == text && $0.kind != .link }
    let count = try keeper.delete(own)
    return QueryReply(
      .object([
        "result": .object(["acknowledged": .bool(true), "deletedCount": .number(Double(count))])
      ]))
  }

  // MARK: Questions

  /// Whoever may less than their owner is told none of the others.
  func list(_ visit: Visit) -> QueryReply {
    let own = keeper.tokens(of: visit.member.id).filter { token in
      token.kind != .link && !token.isOver(at: now())
        && (!visit.isLess || token.hash == visit.token?.hash)
    }
    return QueryReply(.object(["result": .array(own.map(Self.document))]))
  }

  func check(_ visit: Visit) -> QueryReply {
    guard let text = visit.request.parameters["token"], !text.isEmpty else {
      return QueryReply(status: 400, message: "Missing parameter \"token\"")
    }
    let found = keeper.find(text, nowS: now())?.token
    let isValid = found.map { $0.kind != .link && members.caller(id: $0.owner) != nil } ?? false
    let left = isValid ? found?.secondsLeft(at: now()) ?? 0 : 0
    return QueryReply(
      .object(["result": .object(["valid": .bool(isValid), "time": .number(Double(left))])]))
  }

  private static func document(_ token: AccessToken) -> JSONValue {
    var members: [String: JSONValue] = [
      "_id": .string(token.text), "ttl": .number(Double(token.ttl)),
      "ends": .number(Double(token.ends)), "multi": .bool(token.isMulti),
      "owner": .string(token.owner), "app": token.apps.isEmpty ? .string("") : .texts(token.apps),
      "endpoint": JSONValue(token.endpoint) ?? .string(""), "purpose": .string(token.purpose),
    ]
    if let permission = JSONValue(token.permission) { members["token_permission"] = permission }
    if token.canLogin { members["can_login"] = .bool(true) }
    if token.maxEnds > 0 { members["max_ends"] = .number(Double(token.maxEnds)) }
    return .object(members)
  }

  // MARK: Reading

  private func read(_ parameters: [String: String], owner: String) throws -> NewToken {
    var new = NewToken(owner: owner, ttl: Self.standardTTL)
    if let text = parameters["ttl"], !text.isEmpty {
      guard let ttl = Int64(text), (0...Self.ttlMax).contains(ttl) else {
        throw Refusal(text: "ttl must be seconds from 0 to \(Self.ttlMax)")
      }
      new.ttl = ttl
    }
    if let text = parameters["max_ends"], !text.isEmpty {
      guard let ends = Int64(text), ends > now() else {
        throw Refusal(text: "max_ends must be a second that is to come")
      }
      new.maxEnds = ends
    }
    new.isMulti = parameters["multi"] != "false"
    new.canLogin = parameters["can_login"] == "true"
    new.apps = try apps(parameters["apps"] ?? "")
    new.endpoint = endpoint(parameters)
    new.purpose = try bounded("purpose", parameters["purpose"] ?? "", Self.purposeBytesMax)
    new.permission = try permission(parameters["token_permission"] ?? "")
    if new.canLogin, !(new.apps.isEmpty && new.endpoint.isEmpty && new.permission.isEmpty) {
      throw Refusal(text: "a token for some apps, paths or rights cannot log in")
    }
    guard new.endpoint.utf8.count <= Self.textBytesMax,
      TokenScope(apps: new.apps, endpoint: new.endpoint, permission: new.permission) != nil
    else { throw Refusal(text: "endpoint cannot be read, or is too long") }
    return new
  }

  private func bounded(_ name: String, _ text: String, _ bytesMax: Int) throws -> String {
    guard text.utf8.count <= bytesMax else { throw Refusal(text: "\(name) is too long") }
    return text
  }

  private func apps(_ text: String) throws -> [String] {
    let apps = text.split(separator: ",").map { String($0) }
    guard apps.count <= TokenScope.appsMax,
      apps.allSatisfy({ $0.utf16.count == QueryRequest.identifierLength })
    else { throw Refusal(text: "apps must be at most \(TokenScope.appsMax) ids, by commas") }
    return apps
  }

  /// As JSON: what the query says when it can be read, else the list of paths.
  private func endpoint(_ parameters: [String: String]) -> String {
    if let query = parameters["endpointquery"].flatMap({ JSONValue($0) }) {
      return query.text(escaping: false)
    }
    let paths = (parameters["endpoint"] ?? "").split(separator: ",").map(String.init)
    return paths.isEmpty ? "" : JSONValue.texts(paths).text(escaping: false)
  }

  private func permission(_ text: String) throws -> String {
    if text.isEmpty { return "" }
    guard text.utf8.count <= Self.textBytesMax, case .object? = JSONValue(text) else {
      throw Refusal(text: "token_permission must be an object of rights")
    }
    return text
  }
}
