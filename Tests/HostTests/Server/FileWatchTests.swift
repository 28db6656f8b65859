import Foundation
import Testing

@testable import Host

/// Real files, as operators and their tools change them.
@Suite struct FileWatchTests {
  private let folder = NSTemporaryDirectory() + "watch-\(UUID().uuidString)"
  private var path: String { folder + "/plugins.yaml" }

  private func makeFolder() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data("a".utf8).write(to: URL(filePath: path))
  }

  private func watching() throws -> FileWatch {
    try makeFolder()
    let watch = try FileWatch()
    watch.watch([path])
    #expect(!watch.wait(milliseconds: 50))
    return watch
  }

  @Test("Written in place")
  func inPlace() throws {
    let watch = try watching()
    try Data("b".utf8).write(to: URL(filePath: path))
    #expect(watch.wait(milliseconds: 1_000))
    #expect(!watch.wait(milliseconds: 50))
  }

  @Test("Replaced by a rename, again and again")
  func renamed() throws {
    let watch = try watching()
    for _ in 0..<3 {
      try Data("b".utf8).write(to: URL(filePath: path), options: .atomic)
      #expect(watch.wait(milliseconds: 1_000))
    }
  }

  @Test("A file that is being written is not read before it is closed")
  func halfWritten() throws {
    let watch = try watching()
    unlink(path)
    #expect(watch.wait(milliseconds: 1_000))
    let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
    write(descriptor, "plug", 4)
    #expect(!watch.wait(milliseconds: 100))
    close(descriptor)
    #expect(watch.wait(milliseconds: 1_000))
  }

  @Test("A folder that comes later, and the file in it")
  func laterFolder() throws {
    try makeFolder()
    let watch = try FileWatch()
    let late = folder + "/plugins/late/liblate.so"
    watch.watch([late])
    try FileManager.default.createDirectory(
      atPath: folder + "/plugins/late", withIntermediateDirectories: true)
    #expect(watch.wait(milliseconds: 1_000))
    watch.watch([late])
    try Data("b".utf8).write(to: URL(filePath: late))
    #expect(watch.wait(milliseconds: 1_000))
    #expect(!watch.wait(milliseconds: 50))
  }

  @Test("A link that leads elsewhere, and the file it leads to")
  func links() throws {
    try makeFolder()
    for name in ["one", "two"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      try Data(name.utf8).write(to: URL(filePath: "\(folder)/\(name)/plugins.yaml"))
    }
    unlink(path)
    symlink("one/plugins.yaml", path)
    let watch = try FileWatch()
    watch.watch([path])
    let before = FileStamp(path)
    try Data("three".utf8).write(to: URL(filePath: "\(folder)/one/plugins.yaml"))
    #expect(watch.wait(milliseconds: 1_000))
    symlink("two/plugins.yaml", path + ".new")
    rename(path + ".new", path)
    #expect(watch.wait(milliseconds: 1_000))
    #expect(FileStamp(path) != before)
  }

  @Test("Woken, it returns at once and says that nothing happened")
  func wakes() throws {
    let watch = try watching()
    watch.wake()
    #expect(!watch.wait(milliseconds: 10_000))
  }
}
