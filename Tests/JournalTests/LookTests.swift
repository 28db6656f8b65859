import Testing

@testable import Journal

@Suite("Looking beside the reader")
struct LookTests {
  private func look(
    _ journal: Journal, from first: UInt64, through last: UInt64
  ) throws -> (isWhole: Bool, found: [String]) {
    var found: [String] = []
    let isWhole = try journal.look(from: first, through: last) { position, entry in
      found.append("\(position) \(String(decoding: entry, as: UTF8.self))")
    }
    return (isWhole, found)
  }

  @Test("It hears the entries it asks for and no others")
  func range() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    journal.appendGroups(ReaderTests.texts)
    let found = try look(journal, from: 7, through: 150)
    #expect(found.isWhole)
    #expect(found.found == (7...150).map { "\($0) \(ReaderTests.texts[$0 - 1])" })
    #expect(try look(journal, from: 201, through: 200).found == [])
    // Positions nobody has used yet end it, they do not hold it up.
    #expect(try look(journal, from: 199, through: 900).found.count == 2)
  }

  @Test("What was trimmed is said to be gone, not skipped")
  func trimmed() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    journal.appendGroups(ReaderTests.texts)
    journal.trim(through: 40)
    #expect(try !look(journal, from: 40, through: 200).isWhole)
    #expect(try look(journal, from: 41, through: 200).isWhole)
    let isWhole = try journal.look(from: 41, through: 200) { position, _ in
      if position == 60 { journal.trim(through: 50) }
    }
    #expect(!isWhole)
  }
}
