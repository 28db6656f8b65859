/// What a password must be made of.
struct PasswordRules: Sendable {
  static let charactersMin = 8
  /// Longer ones only cost time to hash.
  static let bytesMax = 1_024

  /// What is wrong with a password, in the words clients know; nothing when all is well.
  func refusals(of password: String, as field: String = "password") -> [String] {
    var refusals: [String] = []
    if password.unicodeScalars.count < Self.charactersMin {
      refusals.append("Length of \(field) is lower than min length value")
    }
    if password.utf8.count > Self.bytesMax {
      refusals.append("Length of \(field) is greater than max length value")
    }
    if !password.contains(where: \.isUppercase) {
      refusals.append("\(field) should have upchar")
    }
    if !password.contains(where: \.isNumber) { refusals.append("\(field) should have number") }
    if !password.contains(where: { !$0.isLetter && !$0.isNumber }) {
      refusals.append("\(field) should have special character")
    }
    return refusals
  }
}
