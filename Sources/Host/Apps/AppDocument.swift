import Store

/// An app as clients know one.
struct AppDocument {
  static let imageName = "has_image"

  let app: App
  /// When something was received last, by key.
  let lastDataMs: [String: Int64]

  /// What lists have of it.
  var listed: [String: JSONValue] {
    [
      "_id": .string(app.hex), "key": .string(app.key), "name": .string(app.name),
      "country": .string(app.country), "timezone": .string(app.timezone),
      "salt": .string(app.salt), "category": .string(app.category),
    ]
  }

  /// Everything, with what nobody declared.
  var all: [String: JSONValue] {
    var document: [String: JSONValue] = [
      "id_key": .string(app.idKey), "keys": keys, "type": .string(app.type),
      "checksum_salt": .string(app.salt), "owner": .string(app.owner),
      "created_at": Self.seconds(app.createdMs), "edited_at": Self.seconds(app.editedMs),
      "locked": .bool(app.isLocked), "paused": .bool(app.isPaused),
      "redirect_url": .string(app.redirectURL), "last_data": lastData, "plugins": plugins,
    ]
    if app.hasIcon { document[Self.imageName] = .bool(true) }
    document.merge(listed) { own, _ in own }
    return extra.merging(document) { _, own in own }
  }

  /// The same without what most apps do not have.
  var made: [String: JSONValue] {
    var document = all
    for name in ["checksum_salt", "paused", "redirect_url"] { document[name] = nil }
    return document
  }

  var keys: JSONValue {
    .array(
      app.keys.map { key in
        .object([
          "key": .string(key.key),
          "last_data": Self.seconds(max(key.lastDataMs, lastDataMs[key.key] ?? 0)),
        ])
      })
  }

  var lastData: JSONValue {
    Self.seconds(app.keys.map { max($0.lastDataMs, lastDataMs[$0.key] ?? 0) }.max() ?? 0)
  }

  var plugins: JSONValue { JSONValue(app.plugins) ?? .object([:]) }

  private var extra: [String: JSONValue] { JSONValue(app.extra)?.members ?? [:] }

  private static func seconds(_ ms: Int64) -> JSONValue { .number(Double(ms / 1_000)) }
}

extension JSONValue {
  /// Of an object; nil of everything else.
  var members: [String: JSONValue]? {
    if case .object(let members) = self { members } else { nil }
  }
}
