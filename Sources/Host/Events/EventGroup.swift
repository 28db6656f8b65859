/// Several events that are shown as one.
struct EventGroup: Equatable, Sendable {
  let id: String
  var name: String
  var sourceEvents: [String]
  var displayMap: [String: JSONValue]
  var isActive: Bool
  var description: String?
  var order: Int

  init(
    id: String, name: String, sourceEvents: [String], displayMap: [String: JSONValue],
    isActive: Bool, description: String?, order: Int
  ) {
    self.id = id
    self.name = name
    self.sourceEvents = sourceEvents
    self.displayMap = displayMap
    self.isActive = isActive
    self.description = description
    self.order = order
  }

  /// As it is stored.
  init?(_ document: JSONValue) {
    guard let members = document.members, let id = members["_id"]?.string else { return nil }
    var order = 0
    if case .number(let place)? = members["order"] { order = Int(place) }
    self.init(
      id: id, name: members["name"]?.string ?? "",
      sourceEvents: members["source_events"]?.texts ?? [],
      displayMap: members["display_map"]?.members ?? [:],
      isActive: members["status"]?.flag ?? true, description: members["description"]?.string,
      order: order)
  }

  var document: JSONValue {
    var members: [String: JSONValue] = [
      "_id": .string(id), "name": .string(name), "source_events": .texts(sourceEvents),
      "display_map": .object(displayMap), "status": .bool(isActive),
      "order": .number(Double(order)),
    ]
    members["description"] = description.map { .string($0) }
    return .object(members)
  }

  /// As clients are told, with its app.
  func told(appID: String) -> JSONValue {
    .object((document.members ?? [:]).merging(["app_id": .string(appID)]) { own, _ in own })
  }
}
