import Foundation
import Testing

@Suite struct DocumentTests {
  /// The lines of a page outside code blocks.
  private func prose(_ file: Repository.File) -> [(number: Int, text: Substring)] {
    var isCode = false
    var prose: [(Int, Substring)] = []
    for (index, line) in file.lines.enumerated() {
      if line.hasPrefix("```") {
        isCode.toggle()
      } else if !isCode {
        prose.append((index + 1, line))
      }
    }
    return prose
  }

  @Test("Every link inside the repository leads somewhere")
  func links() {
    var broken: [String] = []
    for file in Repository.files("md") {
      let folder = (file.path as NSString).deletingLastPathComponent
      for (number, line) in prose(file) {
        for target in targets(String(line)) where !resolves(target, from: folder) {
          broken.append("\(file.path):\(number): \(target)")
        }
      }
    }
    #expect(broken == [])
  }

  private func targets(_ line: String) -> [String] {
    line.components(separatedBy: "](").dropFirst().compactMap { rest in
      rest.firstIndex(of: ")").map { String(rest[..<$0]) }
    }
  }

  private func resolves(_ target: String, from folder: String) -> Bool {
    if ["http://", "https://", "mailto:", "#"].contains(where: target.hasPrefix) { return true }
    let path = target.split(separator: "#", omittingEmptySubsequences: false)[0]
    return Repository.exists(folder.isEmpty ? String(path) : folder + "/" + path)
  }

  @Test("Every page has one title, on its first line")
  func titles() {
    let pages = Repository.files("md")
    #expect(pages.count > 5)
    let wrong = pages.filter { page in
      prose(page).filter { $0.text.hasPrefix("# ") }.map(\.number) != [1]
    }
    #expect(wrong.map(\.path) == [])
  }

  @Test("The map of the documents names every document")
  func map() throws {
    let map = try Repository.text("docs/README.md")
    let pages = Repository.files("md").map(\.path)
      .filter { $0.hasPrefix("docs/") && $0 != "docs/README.md" && !$0.contains("/decisions/") }
    #expect(pages.filter { !map.contains($0.dropFirst("docs/".count)) } == [])
  }
}
