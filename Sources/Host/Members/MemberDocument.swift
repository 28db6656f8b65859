import Store

extension Member {
  /// The member as clients know one, without what nobody is told.
  var document: [String: JSONValue] {
    [
      "_id": .string(id), "full_name": .string(fullName), "username": .string(username),
      "email": .string(email), "global_admin": .bool(isGlobalAdmin), "locked": .bool(isLocked),
      "lang": .string(language), "permission": MemberRights(self).permission.document,
      "created_at": .number(Double(createdMs / 1_000)),
      "last_login": .number(Double(lastLoginMs / 1_000)),
      "password_changed": .number(Double(passwordChangedMs / 1_000)),
    ]
  }

  /// The same with the key that stands for the member: for the member, and for who made them.
  var ownDocument: [String: JSONValue] {
    document.merging(["api_key": .string(apiKey)]) { _, key in key }
  }
}

extension QueryReply {
  /// The output style: a bare value, escaped for pages.
  init(_ value: JSONValue) {
    self.init(status: 200, body: Array(value.text().utf8))
  }

  /// The message style with a list of messages.
  init(status: Int, messages: [String]) {
    let list = JSONValue.object(["result": .texts(messages)])
    self.init(status: status, body: Array(list.text(escaping: false).utf8))
  }
}
