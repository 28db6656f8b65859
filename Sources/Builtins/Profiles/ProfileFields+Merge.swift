/// Two users become one: a device sent the id under which its user is known elsewhere.
extension ProfileFields {
  /// What goes on, of two profiles. The values of the one that changed last stand; what it lacks
  /// comes from the other, as long as there is room; lists hold the values of both.
  static func merged(
    _ one: ProfileFields, _ other: ProfileFields, _ limits: ProfileLimits, bytesMax: Int
  ) -> ProfileFields {
    let isLater = (one[changed]?.number ?? 0) > (other[changed]?.number ?? 0)
    let (base, filling) = isLater ? (one, other) : (other, one)
    var merged = base
    merged["hasInfo"] = .bool(true)
    for field in filling.all {
      guard let value = base.joined(field, limits, count: merged.count(of: CustomProperties.prefix))
      else { continue }
      var wider = merged
      wider[field.name] = value
      if wider.cell.count <= bytesMax { merged = wider }
    }
    return merged
  }

  /// What becomes of a field of the other profile; nil when it adds nothing.
  private func joined(
    _ field: Field, _ limits: ProfileLimits, count: Int
  ) -> ProfileValue? {
    let isCustom = field.name.hasPrefix(CustomProperties.prefix)
    guard let known = self[field.name] else {
      // Who wants no places kept has none, also when the other device had told one.
      if field.name.hasPrefix("loc."), self["rgn"] == ProfileParameters.unknown { return nil }
      return isCustom && count >= limits.propertiesMax ? nil : field.value
    }
    guard isCustom, case .list(let values) = known, case .list(let more) = field.value else {
      return nil
    }
    return .list(Array((values + more.filter { !values.contains($0) }).prefix(limits.valuesMax)))
  }
}
