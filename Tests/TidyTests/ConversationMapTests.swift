import Foundation
import Testing

@Suite struct ConversationMapTests {
  private static let folder = "Tests/EndToEndTests/Conversations"

  /// A line of a table: what the protocol says, and the file that says what happens here.
  private struct Row {
    let rule: String
    let path: String
    /// What stands between backticks.
    var quotes: [String] {
      rule.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    }
  }

  private func rows() throws -> [Row] {
    try Repository.text(Self.folder + "/README.md").split(separator: "\n").compactMap { line in
      let cells = line.components(separatedBy: " | ")
      guard line.hasPrefix("| "), cells.count == 2, cells[1].contains("/") else { return nil }
      return Row(
        rule: cells[0], path: "\(Self.folder)/\(cells[1].dropLast(2)).txt")
    }
  }

  @Test("What a row of the map quotes stands in the conversation it names")
  func quotes() throws {
    let rows = try rows()
    #expect(rows.count > 80)
    var missing: [String] = []
    for row in rows {
      guard let text = try? Repository.text(row.path) else {
        missing.append(row.path)
        continue
      }
      missing += row.quotes.filter { !text.contains($0) }.map { "\(row.path): \($0)" }
    }
    #expect(missing == [])
  }
}
