import Testing

@Suite struct SizeTests {
  static let fileLinesMax = 400
  static let testFileLinesMax = 600
  static let functionLinesMax = 70

  @Test("No file is longer than 400 lines, no test file longer than 600")
  func files() {
    let files = Repository.files("swift", "c", "cpp", "sh", "js")
    #expect(files.count > 50)
    let long = files.filter { file in
      let isTest = file.isBelow("Tests") || file.path.contains("/Tests/")
      return file.lines.count - 1 > (isTest ? Self.testFileLinesMax : Self.fileLinesMax)
    }
    #expect(long.map { "\($0.path): \($0.lines.count - 1) lines" } == [])
  }

  @Test("No function is longer than 70 lines")
  func functions() {
    var long: [String] = []
    for file in Repository.files("swift") where !file.path.hasPrefix("Package") {
      for function in SwiftCode(file.text).functions
      where function.length > Self.functionLinesMax {
        long.append("\(file.path):\(function.line): \(function.name) has \(function.length) lines")
      }
    }
    #expect(long == [])
  }
}
