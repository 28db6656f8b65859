/// The rules for `user_details.custom`: what an app says about its users in words of its own.
struct CustomProperties: Sendable {
  static let prefix = "custom."
  /// Bytes of a property's name; longer ones are cut.
  static let nameBytesMax = 128

  let limits: ProfileLimits

  /// What SDKs may do to a property.
  private enum Operator: String {
    case inc = "$inc"
    case mul = "$mul"
    case max = "$max"
    case min = "$min"
    case setOnce = "$setOnce"
    case push = "$push"
    case pull = "$pull"
    case addToSet = "$addToSet"
    case unset = "$unset"
    /// Not sent by SDKs; the users API has it.
    case set = "$set"
  }

  /// Applies one member of `custom`: a value sets, nothing deletes, an object holds operators,
  /// which are done in the order in which they are written. Unknown ones say nothing.
  func apply(_ name: String, _ value: ProfileValue, to fields: inout ProfileFields) {
    let name = name.propertyName.cut(Self.nameBytesMax)
    guard !name.isEmpty else { return }
    let path = Self.prefix + name
    var property = fields[path]
    if case .object(let members) = value {
      for member in members {
        guard let operation = Operator(rawValue: member.name) else { continue }
        property = result(of: operation, on: property, with: member.value)
      }
    } else {
      property = plain(value)
    }
    let isNew = fields[path] == nil && property != nil
    if isNew, fields.count(of: Self.prefix) >= limits.propertiesMax { return }
    fields[path] = property
  }

  private func result(
    of operation: Operator, on old: ProfileValue?, with given: ProfileValue
  ) -> ProfileValue? {
    switch operation {
    case .inc: return calculate(old, given) { $0 + $1 }
    case .mul: return calculate(old, given) { $0 * $1 }
    case .max: return extreme(old, given) { $0 < $1 }
    case .min: return extreme(old, given) { $1 < $0 }
    case .set: return plain(given)
    case .setOnce: return old ?? plain(given)
    case .unset: return nil
    case .push: return .list(kept((old?.elements ?? []) + scalars(given)))
    case .addToSet:
      var list = old?.elements ?? []
      for value in scalars(given) where !list.contains(value) { list.append(value) }
      return .list(kept(list))
    case .pull:
      let gone = scalars(given)
      guard let old, case .list(let list) = old else {
        return old.flatMap { gone.contains($0) ? nil : $0 }
      }
      return .list(list.filter { !gone.contains($0) })
    }
  }

  /// What is absent, or no number, counts as 0; what is given and no number says nothing.
  private func calculate(
    _ old: ProfileValue?, _ given: ProfileValue, _ body: (Double, Double) -> Double
  ) -> ProfileValue? {
    guard let operand = given.number else { return old }
    return ProfileValue.number(body(old?.number ?? 0, operand)) ?? old
  }

  /// The number given, unless the one there is beyond it.
  private func extreme(
    _ old: ProfileValue?, _ given: ProfileValue, _ isBeaten: (Double, Double) -> Bool
  ) -> ProfileValue? {
    guard let operand = given.number else { return old }
    guard let known = old?.number, !isBeaten(known, operand) else {
      return ProfileValue.number(operand)
    }
    return old
  }

  private func plain(_ value: ProfileValue) -> ProfileValue? {
    if value.isNothing { return nil }
    if case .list = value { return .list(kept(scalars(value))) }
    return value.scalar(bytesMax: limits.valueBytesMax)
  }

  private func scalars(_ value: ProfileValue) -> [ProfileValue] {
    value.elements.compactMap { $0.scalar(bytesMax: limits.valueBytesMax) }
  }

  /// The newest values stay.
  private func kept(_ list: [ProfileValue]) -> [ProfileValue] {
    Array(list.suffix(limits.valuesMax))
  }
}

/// How much a profile may hold.
struct ProfileLimits: Sendable {
  let propertiesMax: Int
  let valuesMax: Int
  let valueBytesMax: Int
}

extension String {
  /// A name that can be a member of a document: no leading `$`, no dots, which would open a level.
  var propertyName: String {
    String((first == "$" ? dropFirst() : self[...]).filter { $0 != "." })
  }
}
