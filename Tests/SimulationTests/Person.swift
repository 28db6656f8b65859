/// A user under the name that goes on, and all names under which the user was ever counted.
struct Person {
  let name: String
  let names: Set<String>
}

/// Who is who, after merges.
struct People {
  private var successors: [String: String] = [:]
  private var names: [String: Set<String>] = [:]
  /// Devices that were named as somebody's old one before anything came of them.
  private var nicknames: Set<String> = []

  /// The user that a device leads to, who is there from now on.
  mutating func person(_ device: String) -> Person {
    if successors[device] == nil { names[device, default: [device]].insert(device) }
    let name = successor(device)
    return Person(name: name, names: names[name] ?? [name])
  }

  /// The same for a device that may never have been heard of.
  func known(_ device: String) -> Person? {
    let name = successor(device)
    return names[name].map { Person(name: name, names: $0) }
  }

  /// Whether nobody ever was that device: it only leads to somebody.
  func isNickname(_ device: String) -> Bool { nicknames.contains(device) }

  /// Has a device that nobody heard of lead to a user.
  mutating func nickname(_ device: String, of person: Person) {
    successors[device] = person.name
    nicknames.insert(device)
  }

  /// Two users are one from here on.
  mutating func merge(_ old: Person, into new: Person) {
    successors[old.name] = new.name
    names[new.name, default: []].formUnion(old.names)
    names[old.name] = nil
  }

  private func successor(_ device: String) -> String {
    var name = device
    while let next = successors[name] { name = next }
    return name
  }
}
