import Store

/// Answers questions about members: `/o/users/all`, `me`, `id` and `permissions`.
struct MemberListing: Sendable {
  let core: Core

  /// Everybody, by id.
  func all(_ visit: Visit) throws -> QueryReply {
    let members = try core.store.members().map { member in
      (member.id, document(member, for: visit.member))
    }
    return QueryReply(.object(Dictionary(uniqueKeysWithValues: members)))
  }

  /// One member, by id; an empty object when there is no such one.
  func one(_ visit: Visit) throws -> QueryReply {
    guard let id = visit.request.parameters["id"] else {
      return QueryReply(status: 401, message: "Missing user id parameter")
    }
    guard let member = try core.store.members().first(where: { $0.id == id }) else {
      return QueryReply(.object([:]))
    }
    return QueryReply(.object([id: document(member, for: visit.member)]))
  }

  /// The key is told to whoever is the member, not to a token that is less.
  func own(_ visit: Visit) -> QueryReply {
    QueryReply(.object(visit.isLess ? visit.member.document : visit.member.ownDocument))
  }

  /// The names of everything rights can be given for.
  func features(_ visit: Visit) -> QueryReply {
    let declared = core.runtime.instances.map(\.manifest).flatMap { manifest in
      [manifest.name] + manifest.permissions.map(\.key)
    }
    return QueryReply(.texts(Set(["core"] + declared).sorted()))
  }

  private func document(_ member: Member, for asking: Member) -> JSONValue {
    var document = member.document
    document["is_current_user"] = .bool(member.id == asking.id)
    return .object(document)
  }
}
