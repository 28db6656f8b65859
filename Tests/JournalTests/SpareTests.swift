import Foundation
import Testing

@testable import Journal

@Suite("Segments used again")
struct SpareTests {
  private static let texts = (0..<60).map { "an entry of some length, number \($0)" }

  @Test("The file of a trimmed segment becomes a later one, emptied before")
  func reuse() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    var inodes: [String: UInt64] = [:]
    for round in 0..<20 {
      journal.appendGroups(Self.texts)
      for file in folder.files where inodes[file] == nil { inodes[file] = folder.inode(file) }
      let first = UInt64(round * Self.texts.count)
      #expect(try journal.entries(from: first + 1).map(\.text) == Self.texts)
      // A killed process leaves nothing of a file's first life behind its second.
      let killed = folder.copy()
      let report = try Journal.verify(directory: killed.path)
      #expect(report.isSound && report.tails.isEmpty)
      withExtendedLifetime(killed) {}
      journal.trim(through: first + UInt64(Self.texts.count))
      #expect(folder.spares.count <= SpareSegment.countMax)
    }
    #expect(Set(inodes.values).count < inodes.count / 2, "most segments are files of earlier ones")
    journal.close()
    #expect(folder.spares.isEmpty)
  }

  @Test("A start deletes the spares that a killed process left, and reads nothing from them")
  func leftBehind() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    journal.appendGroups(Self.texts)
    let killed = folder.copy()
    killed.write(killed.read(killed.files[0]), to: killed.files[0] + ".spare")
    let again = try Journal.open(.test(killed), storePosition: 0)
    #expect(killed.spares.isEmpty)
    #expect(try again.entries().map(\.text) == Self.texts)
    withExtendedLifetime(journal) {}
  }

  @Test("A folder whose names cannot be made durable keeps no spares")
  func unsyncedNames() throws {
    let folder = TestFolder()
    var configuration = JournalConfiguration.test(folder)
    let mayFail = Switch()
    configuration.files.syncDirectory = { [posix = FileOperations.posix] in
      mayFail.isOn ? EIO : posix.syncDirectory($0)
    }
    let journal = try Journal.open(configuration, storePosition: 0)
    journal.appendGroups(Self.texts)
    mayFail.isOn = true
    journal.trim(through: UInt64(Self.texts.count))
    #expect(folder.spares.isEmpty)
    #expect(folder.files.count <= 2, "the one in use and the one made ahead")
  }
}

/// Something a test turns on while threads look at it.
private final class Switch: @unchecked Sendable {
  private let lock = NSLock()
  private var value = false

  var isOn: Bool {
    get { lock.withLock { value } }
    set { lock.withLock { value = newValue } }
  }
}

extension TestFolder {
  fileprivate var spares: [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return all.filter { $0.hasSuffix(".spare") }
  }

  fileprivate func inode(_ file: String) -> UInt64? {
    let found = try? FileManager.default.attributesOfItem(atPath: path + "/" + file)
    return found?[.systemFileNumber] as? UInt64
  }
}
