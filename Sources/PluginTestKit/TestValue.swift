/// A JSON value as a test writes it down.
package indirect enum TestValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case array([Value])
  case object([Member])

  /// One member of an object; names may repeat.
  package struct Member: Sendable, Equatable {
    package let name: String
    package let value: TestValue

    package init(name: String, value: TestValue) {
      self.name = name
      self.value = value
    }
  }

  package subscript(name: String) -> TestValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  var number: Double? {
    switch self {
    case .int(let int): Double(int)
    case .double(let double): double
    case .string(let text): Double(text)
    default: nil
    }
  }
}

extension TestValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .int(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: TestValue...) { self = .array(elements) }
  package init(nilLiteral: ()) { self = .null }
  package init(dictionaryLiteral elements: (String, TestValue)...) {
    self = .object(elements.map { Member(name: $0.0, value: $0.1) })
  }
}
