import Foundation
import Testing

@testable import Host

/// A folder of one test, removed with it.
final class TemporaryFolder: Sendable {
  let path: String

  init(depth: Int = 0) throws {
    let name = NSTemporaryDirectory() + "tally-\(UUID().uuidString)"
    path = name + String(repeating: "/a-rather-long-name-of-a-folder", count: depth)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct DataFolderTests {
  @Test("A folder is held by one, who is named to the next, and free when given back")
  func lock() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/data"
    try withExtendedLifetime(DataFolder(locking: path)) {
      let error = #expect(throws: CommandError.self) { try DataFolder(locking: path) }
      #expect(error?.code == .locked)
      #expect(
        error?.description
          == "the data folder \(path) is in use by process \(getpid()); "
          + "stop it or give another folder with --data")
    }
    _ = try DataFolder(locking: path)
  }

  @Test("A new folder is closed to others")
  func permissions() throws {
    let folder = try TemporaryFolder()
    _ = try DataFolder(locking: folder.path + "/data")
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/data")
    #expect(attributes[.posixPermissions] as? Int == 0o700)
  }

  @Test("A folder that cannot be made says so and what to do")
  func impossible() {
    let error = #expect(throws: CommandError.self) { try DataFolder(locking: "/dev/null/data") }
    #expect(error?.description.hasPrefix("the data folder /dev/null/data cannot be made: ") == true)
    #expect(error?.description.hasSuffix("with --data") == true)
  }
}
