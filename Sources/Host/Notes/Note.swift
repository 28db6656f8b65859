import Store

/// A note on a moment of an app's numbers.
struct Note: Equatable, Sendable {
  /// Who sees it.
  enum Kind: String, CaseIterable, Sendable {
    case everybody = "public"
    case owner = "private"
    case named = "shared"
  }

  let id: String
  let appID: String
  let owner: String
  /// A letter by which charts name it.
  let indicator: String
  let createdMs: Int64
  var updatedMs: Int64
  var text: String
  var atMs: Int64
  var kind: Kind
  var color: JSONValue
  var emails: [String]
  var category: JSONValue

  /// As it is stored.
  init?(_ body: String) {
    guard let members = JSONValue(body)?.members, let id = members["_id"]?.string else {
      return nil
    }
    self.id = id
    appID = members["app_id"]?.string ?? ""
    owner = members["owner"]?.string ?? ""
    indicator = members["indicator"]?.string ?? ""
    createdMs = members["created_at"]?.milliseconds ?? 0
    updatedMs = members["updated_at"]?.milliseconds ?? 0
    text = members["note"]?.string ?? ""
    atMs = members["ts"]?.milliseconds ?? 0
    kind = members["noteType"]?.string.flatMap(Kind.init) ?? .owner
    color = members["color"] ?? .null
    emails = members["emails"]?.texts ?? []
    category = members["category"] ?? .null
  }

  init(id: String, appID: String, owner: String, indicator: String, nowMs: Int64) {
    self.id = id
    self.appID = appID
    self.owner = owner
    self.indicator = indicator
    (createdMs, updatedMs, atMs) = (nowMs, nowMs, nowMs)
    (text, kind, color, emails, category) = ("", .owner, .null, [], .null)
  }

  var document: [String: JSONValue] {
    [
      "_id": .string(id), "app_id": .string(appID), "owner": .string(owner),
      "indicator": .string(indicator), "created_at": .number(Double(createdMs)),
      "updated_at": .number(Double(updatedMs)), "note": .string(text),
      "ts": .number(Double(atMs)), "noteType": .string(kind.rawValue), "color": color,
      "emails": .texts(emails), "category": category,
    ]
  }

  func isSeen(by member: Member) -> Bool {
    switch kind {
    case .everybody: true
    case .owner: owner == member.id
    case .named:
      owner == member.id
        || !member.email.isEmpty && emails.contains { $0.lowercased() == member.email }
    }
  }

  /// Owners change their notes; who administers the note's app, public ones.
  func isChanged(by member: Member) -> Bool {
    owner == member.id || kind == .everybody && MemberRights(member).administers(app: appID)
  }

  /// A, B, … Z, AA, AB, …
  static func indicator(_ number: Int) -> String {
    var (rest, letters) = (number, "")
    repeat {
      let letter = UnicodeScalar(UInt8(ascii: "A") + UInt8(rest % 26))
      letters.insert(Character(letter), at: letters.startIndex)
      rest = rest / 26 - 1
    } while rest >= 0
    return letters
  }
}

extension JSONValue {
  /// A moment in milliseconds, as a number or the text of one.
  var milliseconds: Int64? {
    switch self {
    case .number(let number): Int64(exactly: number.rounded())
    case .string(let text): Int64(text)
    default: nil
    }
  }
}
