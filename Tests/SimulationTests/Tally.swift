import Harness

/// Numbers at places of a document, kept as a plain list of additions.
struct Tally {
  private var additions: [(path: [String], amount: Int)] = []
  private var members: [[String]: Set<String>] = [:]

  /// Adds to the number at `path`.
  mutating func add(_ amount: Int, at path: [String]) { additions.append((path, amount)) }

  /// Says that a user belongs to the number at `path`, which counts distinct users: under the name
  /// `person`, or under that of anybody who was merged into it.
  mutating func join(_ person: Person, at path: [String]) {
    guard members[path, default: []].isDisjoint(with: person.names) else { return }
    members[path, default: []].insert(person.name)
  }

  /// The nested document; zeros are left out. `units` says what one unit of a key's number is.
  func document(scale: (String) -> Double = { _ in 1 }) -> [String: JSON] {
    var sums: [[String]: Int] = [:]
    for addition in additions { sums[addition.path, default: 0] += addition.amount }
    for (path, users) in members { sums[path, default: 0] += users.count }
    var tree = Tree()
    for (path, sum) in sums where sum != 0 {
      tree.put(.number(Double(sum) / scale(path[path.count - 1])), at: path[...])
    }
    return tree.members
  }
}

private struct Tree {
  var leaves: [String: JSON] = [:]
  var branches: [String: Tree] = [:]

  mutating func put(_ value: JSON, at path: ArraySlice<String>) {
    guard let first = path.first else { return }
    if path.count == 1 {
      leaves[first] = value
    } else {
      branches[first, default: Tree()].put(value, at: path.dropFirst())
    }
  }

  var members: [String: JSON] {
    leaves.merging(branches.mapValues { .object($0.members) }) { leaf, _ in leaf }
  }
}
