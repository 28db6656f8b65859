import Foundation
import NIOCore
import Testing

@testable import Host

@Suite("The folder of pictures")
struct PictureFolderTests {
  private let data = NSTemporaryDirectory() + "tally-pictures-" + UUID().uuidString
  private static let app = "5f0000000000000000000001"
  private static let name = String(repeating: "a", count: 40)

  private func folder() -> PictureFolder {
    PictureFolder(data: data, pictureBytesMax: 100, bytesMax: 100, isSynced: true)
  }

  private func remove() { try? FileManager.default.removeItem(atPath: data) }

  private final class Answer: @unchecked Sendable {
    var isKept = false
  }

  /// Whether it was kept; nil when it was not taken.
  private func keep(
    _ folder: PictureFolder, _ text: String, name: String = Self.name
  ) -> Bool? {
    let done = DispatchSemaphore(value: 0)
    let answer = Answer()
    let picture = Picture(appID: Self.app, name: name, bytes: ByteBuffer(string: text))
    let isTaken = folder.keep(picture) {
      answer.isKept = $0
      done.signal()
    }
    guard isTaken else { return nil }
    done.wait()
    return answer.isKept
  }

  @Test("What is kept is read, replaced, counted and removed, and another start knows all of it")
  func life() {
    defer { remove() }
    let folder = folder()
    #expect(folder.read(Self.name, appID: Self.app) == nil)
    #expect(keep(folder, "GIF89a") == true)
    #expect(keep(folder, "GIF89a and more") == true)
    #expect(keep(folder, "GIF87a", name: String(repeating: "b", count: 40)) == true)
    #expect(folder.read(Self.name, appID: Self.app)?.bytes == Array("GIF89a and more".utf8))
    #expect(folder.bytesKept == 21)
    #expect(folder.hasRoom(for: 79) && !folder.hasRoom(for: 80))
    let again = self.folder()
    #expect(again.bytesKept == 21)
    again.remove(Self.name, appID: Self.app)
    again.remove(Self.name, appID: Self.app)
    #expect(again.bytesKept == 6)
    again.removeAll(appID: Self.app)
    #expect(again.bytesKept == 0)
    #expect(again.counters.kept.count == 0 && folder.counters.kept.count == 3)
  }

  @Test("What a crash left half written is no picture, and goes with the next start")
  func unfinished() throws {
    defer { remove() }
    #expect(keep(folder(), "GIF89a") == true)
    let half = "\(data)/pictures/\(Self.app)/\(Self.name).new"
    try Data("GIF89".utf8).write(to: URL(fileURLWithPath: half))
    #expect(folder().bytesKept == 6)
    #expect(!FileManager.default.fileExists(atPath: half))
  }

  @Test("A disk that does not take a picture is told of, and nothing is counted as kept")
  func failed() throws {
    defer { remove() }
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: data + "/pictures"))
    let folder = folder()
    #expect(keep(folder, "GIF89a") == false)
    #expect(folder.counters.failed.count == 1 && folder.bytesKept == 0)
  }

  @Test("More pictures than may wait are not taken")
  func waiting() {
    defer { remove() }
    let folder = folder()
    let (held, all) = (DispatchSemaphore(value: 0), DispatchGroup())
    let picture = Picture(appID: Self.app, name: Self.name, bytes: ByteBuffer(string: "GIF89a"))
    var taken = 0
    // The first holds up the others when it is told, and waits no more by then.
    for _ in 0..<PictureFolder.waitingMax * 2 {
      all.enter()
      let isTaken = folder.keep(picture) { _ in
        held.wait()
        all.leave()
      }
      if isTaken { taken += 1 } else { all.leave() }
    }
    #expect((PictureFolder.waitingMax...PictureFolder.waitingMax + 1).contains(taken))
    for _ in 0..<taken { held.signal() }
    all.wait()
    #expect(keep(folder, "GIF89a") == true)
  }

  @Test("A name is that of a file in the folder, and of none elsewhere")
  func names() {
    defer { remove() }
    let folder = folder()
    #expect(keep(folder, "GIF89a") == true)
    for name in ["", "../\(Self.app)/\(Self.name)", Self.name.uppercased(), Self.name + "a"] {
      #expect(folder.read(name, appID: Self.app) == nil, "\(name)")
      folder.remove(name, appID: Self.app)
    }
    #expect(folder.bytesKept == 6)
  }
}
