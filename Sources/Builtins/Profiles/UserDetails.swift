/// The rules for `user_details`: the properties every app's users may have, and `custom`.
struct UserDetails: Sendable {
  private static let texts = ["name", "username", "email", "organization", "phone"]
  private static let picture = "picture"
  /// As long as SDKs let an address be.
  private static let pictureBytesMax = 4_096
  private static let years = 1_000...9_999

  let custom: CustomProperties

  func apply(_ details: ProfileValue, to fields: inout ProfileFields) {
    for member in details.members {
      if member.name == "custom" {
        for property in member.value.members {
          custom.apply(property.name, property.value, to: &fields)
        }
      } else {
        set(member.name, member.value, in: &fields)
      }
    }
  }

  /// Applies what somebody edits: members by their name, `custom.` before those of `custom`, or
  /// operators over such members.
  func apply(edit: ProfileValue, to fields: inout ProfileFields) {
    for member in edit.members {
      guard member.name.hasPrefix("$") else {
        set(path: member.name, member.value, nil, in: &fields)
        continue
      }
      for inner in member.value.members {
        set(path: inner.name, inner.value, member.name, in: &fields)
      }
    }
  }

  private func set(
    path: String, _ value: ProfileValue, _ operation: String?, in fields: inout ProfileFields
  ) {
    if path == "custom", operation == nil || operation == "$set" {
      for property in value.members { custom.apply(property.name, property.value, to: &fields) }
    } else if path.hasPrefix(CustomProperties.prefix) {
      let value = operation.map { .object([.init(name: $0, value: value)]) } ?? value
      custom.apply(String(path.dropFirst(CustomProperties.prefix.count)), value, to: &fields)
    } else if operation == nil || operation == "$set" {
      set(path, value, in: &fields)
    } else if operation == "$unset" {
      set(path, .null, in: &fields)
    }
  }

  /// Sets or deletes a standard property; false when there is none of that name.
  @discardableResult
  func set(_ name: String, _ value: ProfileValue, in fields: inout ProfileFields) -> Bool {
    switch name {
    case _ where Self.texts.contains(name):
      change(name, value, value.line?.cut(custom.limits.valueBytesMax), in: &fields)
    case Self.picture: change(name, value, value.line?.cut(Self.pictureBytesMax), in: &fields)
    case "gender":
      change(name, value, value.line.flatMap { ["M", "F"].contains($0) ? $0 : nil }, in: &fields)
    case "byear":
      if value.isNothing {
        fields[name] = nil
      } else if let year = value.number.flatMap({ Int(exactly: $0) }), Self.years.contains(year) {
        fields[name] = .int(Int64(year))
      }
    default: return false
    }
    return true
  }

  private func change(
    _ name: String, _ value: ProfileValue, _ text: String?, in fields: inout ProfileFields
  ) {
    if value.isNothing {
      fields[name] = nil
    } else if let text {
      fields[name] = .text(text)
    }
  }
}

extension ProfileValue {
  /// The text of a scalar.
  var line: String? {
    switch self {
    case .text(let text): text
    case .int(let int): "\(int)"
    case .double(let double): "\(double)"
    case .bool(let flag): "\(flag)"
    case .null, .list, .object: nil
    }
  }
}
