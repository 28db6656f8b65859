/// Two users become one: a device sent the id under which its user is known elsewhere.
extension ProfileFields {
  /// What goes on, of two profiles. The values of the one that changed last stand; what it lacks
  /// comes from the other; lists hold the values of both.
  static func merged(_ one: ProfileFields, _ other: ProfileFields) -> ProfileFields {
    let isLater = (one[changed]?.number ?? 0) > (other[changed]?.number ?? 0)
    let (base, filling) = isLater ? (one, other) : (other, one)
    var merged = base
    for field in filling.all {
      guard let known = merged[field.name] else {
        merged[field.name] = field.value
        continue
      }
      if case .list(let values) = known, case .list(let more) = field.value,
        field.name.hasPrefix(CustomProperties.prefix)
      {
        merged[field.name] = .list(values + more.filter { !values.contains($0) })
      }
    }
    let count = [one["merges"], other["merges"]].compactMap { $0?.number }.reduce(1, +)
    merged["merges"] = ProfileValue.number(count)
    merged["hasInfo"] = .bool(true)
    return merged
  }
}
