import PluginKit

/// A value a user has: what JSON can say. Only rare requests carry some, so that clarity goes
/// before allocations here.
enum ProfileValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case text(String)
  case list([ProfileValue])
  case object([Member])

  struct Member: Equatable, Sendable {
    let name: String
    let value: ProfileValue
  }

  /// Levels of a value that are looked at.
  static let depthMax = 8

  init(_ node: Node, depth: Int = 0) {
    switch node.kind {
    case .null: self = .null
    case .false: self = .bool(false)
    case .true: self = .bool(true)
    case .int: self = .int(node.int ?? 0)
    case .double: self = .double(node.double ?? 0)
    case .string: self = .text(String(node.text))
    case .array:
      self =
        depth < Self.depthMax ? .list(node.children.map { .init($0, depth: depth + 1) }) : .null
    case .object:
      guard depth < Self.depthMax else {
        self = .null
        return
      }
      self = .object(
        node.children.map { Member(name: String($0.name), value: .init($0, depth: depth + 1)) })
    }
  }

  /// Null and the empty text: what deletes a property.
  var isNothing: Bool { self == .null || self == .text("") }

  var members: [Member] {
    if case .object(let members) = self { members } else { [] }
  }

  /// The elements of a list; of everything else itself.
  var elements: [ProfileValue] {
    if case .list(let elements) = self { elements } else { [self] }
  }

  /// A number, also one that is written as a text.
  var number: Double? {
    switch self {
    case .int(let int): Double(int)
    case .double(let double): double
    case .text(let text): Double(text).flatMap { $0.isFinite ? $0 : nil }
    case .null, .bool, .list, .object: nil
    }
  }

  /// A whole number stays one.
  static func number(_ double: Double) -> ProfileValue? {
    guard double.isFinite else { return nil }
    guard let int = Int64(exactly: double), int.magnitude <= 1 << 53 else { return .double(double) }
    return .int(int)
  }

  /// What may stand in a profile: a scalar, its text cut; nil for what may not.
  func scalar(bytesMax: Int) -> ProfileValue? {
    switch self {
    case .bool, .int, .double: self
    case .text(let text): .text(text.cut(bytesMax))
    case .null, .list, .object: nil
    }
  }
}

extension String {
  /// At most so many bytes, never half a character.
  func cut(_ bytesMax: Int) -> String {
    utf8.count <= bytesMax ? self : Text.with(self) { String($0.prefix(bytesMax)) }
  }
}
