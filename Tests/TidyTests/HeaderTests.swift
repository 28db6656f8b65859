import Testing

@Suite struct HeaderTests {
  static let header = "Sources/PluginABI/include/tally_plugin.h"
  static let tags = ["[control", "[intake", "[hook", "[committed", "[request", "[job", "[any"]

  @Test("Every function of the contract says on which thread it may be called")
  func tags() throws {
    var untagged: [String] = []
    var pointers = 0
    var comment = ""
    for line in try Repository.text(Self.header).split(
      separator: "\n", omittingEmptySubsequences: false)
    {
      let text = line.drop { $0 == " " }
      if text.isEmpty || text.hasPrefix("}") { comment = "" }
      if text.hasPrefix("/*") { comment = "" }
      if text.hasPrefix("/*") || text.hasPrefix("*") || text.hasSuffix("*/") { comment += text }
      guard let name = Self.pointer(in: String(text), isMember: line.hasPrefix("  (") == false)
      else {
        continue
      }
      pointers += 1
      if !Self.tags.contains(where: { (comment + text).contains($0) }) { untagged.append(name) }
    }
    #expect(pointers > 30)
    #expect(untagged == [])
  }

  @Test("The sizes that the example in Rust declares are those of the contract")
  func rust() throws {
    var sizes: [String: String] = [:]
    for line in try Repository.text("Tests/PluginABITests/golden-1.0.txt").split(separator: "\n")
    where !line.hasPrefix(" ") {
      let words = line.split(separator: " ").map(String.init)
      sizes[words[0]] = words.last
    }
    let declared = try Repository.text("Examples/rust/src/abi.rs").matches(
      of: /size_of::<(\w+)>\(\), (\d+)\)/)
    #expect(declared.count > 15)
    for size in declared {
      #expect(sizes["tally_" + size.1.lowercased()] == String(size.2), "\(size.1)")
    }
  }

  /// The name of the function pointer a line declares as a member: it is not a parameter, whose
  /// line begins inside another declaration.
  private static func pointer(in text: String, isMember: Bool) -> String? {
    guard isMember, !text.hasPrefix("typedef"), !text.hasPrefix("*"), !text.hasPrefix("/*"),
      let start = text.range(of: "(*"), let end = text[start.upperBound...].firstIndex(of: ")")
    else { return nil }
    let before = text[..<start.lowerBound]
    // A parameter follows a comma or a parenthesis; a member's return type does not.
    guard !before.contains(","), !before.contains("(") else { return nil }
    return String(text[start.upperBound..<end])
  }
}
