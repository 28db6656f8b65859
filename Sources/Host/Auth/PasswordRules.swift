import Store

/// What a password must be made of, and which ones a member does not get again.
struct PasswordRules: Sendable {
  /// Longer ones only cost time to hash.
  static let bytesMax = 1_024

  private let charactersMin: Int
  private let needsCapital: Bool
  private let needsDigit: Bool
  private let needsSymbol: Bool
  private let rotation: Int

  init(_ spaces: ConfigurationSpaces) {
    charactersMin = Int(spaces.number(.passwordMin))
    needsCapital = spaces.flag(.passwordChar)
    needsDigit = spaces.flag(.passwordNumber)
    needsSymbol = spaces.flag(.passwordSymbol)
    rotation = Int(spaces.number(.passwordRotation))
  }

  /// `8 characters or more, with a capital letter and a digit`
  var words: String {
    let needs = [
      (needsCapital, "a capital letter"), (needsDigit, "a digit"),
      (needsSymbol, "a character that is neither"),
    ].filter(\.0).map(\.1)
    let list =
      needs.count < 2 ? needs : [needs.dropLast().joined(separator: ", "), needs[needs.count - 1]]
    return "\(charactersMin) characters or more"
      + (needs.isEmpty ? "" : ", with " + list.joined(separator: " and "))
  }

  /// What is wrong with a password, in the words clients know; nothing when all is well.
  func refusals(of password: String, as field: String = "password") -> [String] {
    var refusals: [String] = []
    if password.unicodeScalars.count < charactersMin {
      refusals.append("Length of \(field) is lower than min length value")
    }
    if password.utf8.count > Self.bytesMax {
      refusals.append("Length of \(field) is greater than max length value")
    }
    if needsCapital, !password.contains(where: \.isUppercase) {
      refusals.append("\(field) should have upchar")
    }
    if needsDigit, !password.contains(where: \.isNumber) {
      refusals.append("\(field) should have number")
    }
    if needsSymbol, !password.contains(where: { !$0.isLetter && !$0.isNumber }) {
      refusals.append("\(field) should have special character")
    }
    return refusals
  }

  /// The same of a password that a member shall have, who may have had it before. Hashes it as often
  /// as passwords are remembered.
  func refusals(of password: String, for member: Member, in store: Store) throws -> [String] {
    let refusals = refusals(of: password)
    guard refusals.isEmpty, rotation > 0 else { return refusals }
    let known = try store.passwordHashes(of: member.id, newest: rotation)
    return known.contains { PasswordHash.matches(password, hash: $0) }
      ? ["password should not be one of the last \(rotation)"] : []
  }
}
