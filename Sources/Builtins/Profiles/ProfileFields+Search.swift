/// By what a user is found.
extension ProfileFields {
  /// Properties the host takes.
  private static let propertiesMax = 64
  private static let valueBytesMax = 256
  private static let standard: Set<String> = [
    "name", "username", "email", "organization", "phone", "gender", "byear", "campaign_id",
  ]

  /// Standard properties come first, so that a user with many custom ones is still found by name.
  var properties: [(name: String, value: String)] {
    let named = all.filter { Self.standard.contains($0.name) }
    let custom = all.filter { $0.name.hasPrefix(CustomProperties.prefix) }
    return Array((named + custom).flatMap(properties).prefix(Self.propertiesMax))
  }

  /// Each value of a list finds its user. Case does not matter to whoever searches.
  private func properties(_ field: Field) -> [(name: String, value: String)] {
    field.value.elements.compactMap { value in
      guard let text = value.searchText, !text.isEmpty else { return nil }
      return (field.name, text.lowercased().cut(Self.valueBytesMax))
    }
  }
}

extension ProfileValue {
  /// Numbers as JSON writes them.
  fileprivate var searchText: String? {
    if case .text(let text) = self { return text }
    return line == nil ? nil : ProfileJSON.text(self)
  }
}
