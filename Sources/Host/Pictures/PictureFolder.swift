import Foundation
import Glibc
import NIOCore
import Synchronization

/// Pictures that devices sent of their users: a file for each device, below a folder for each app.
/// Any thread; files are written on one of its own, so that no event loop waits for a disk.
final class PictureFolder: Sendable {
  /// Pictures that wait to be written.
  static let waitingMax = 64
  private static let unfinished = ".new"

  struct Counters: Sendable {
    let kept = Metrics.Counter()
    /// Files of another format, or larger than one may be.
    let unfit = Metrics.Counter()
    /// Pictures beyond what all of them may take.
    let full = Metrics.Counter()
    let failed = Metrics.Counter()
  }

  let counters = Counters()
  let pictureBytesMax: Int
  private let bytesMax: Int
  private let folder: String
  private let isSynced: Bool
  /// What all files take.
  private let bytes: Atomic<Int>
  private let waiting = Atomic<Int>(0)
  private let queue = DispatchQueue(label: "pictures")

  init(data: String, pictureBytesMax: Int, bytesMax: Int, isSynced: Bool) {
    folder = (data as NSString).appendingPathComponent("pictures")
    self.pictureBytesMax = pictureBytesMax
    self.bytesMax = bytesMax
    self.isSynced = isSynced
    bytes = Atomic(Self.size(of: folder))
  }

  /// The name of a device's picture: tells nobody its device id.
  static func name(appID: String, device: UnsafeRawBufferPointer) -> String {
    UserNumber.hash(appKey: appID, device: Array(device))
  }

  var bytesKept: Int { bytes.load(ordering: .relaxed) }

  /// Whether so many bytes more may be kept.
  func hasRoom(for count: Int) -> Bool { bytesKept + count <= bytesMax }

  // MARK: Keeping

  /// Writes a picture in place of the one before; `done` hears whether it is on the disk. False when
  /// too many wait already: then nobody hears anything.
  func keep(_ picture: Picture, done: @escaping @Sendable (Bool) -> Void) -> Bool {
    let ahead = waiting.wrappingAdd(1, ordering: .relaxed).oldValue
    guard ahead < Self.waitingMax else {
      waiting.wrappingSubtract(1, ordering: .relaxed)
      return false
    }
    queue.async { [self] in
      let isKept = write(picture)
      (isKept ? counters.kept : counters.failed).add()
      waiting.wrappingSubtract(1, ordering: .relaxed)
      done(isKept)
    }
    return true
  }

  private func write(_ picture: Picture) -> Bool {
    let (place, path) = (folder + "/" + picture.appID, self.path(picture.appID, picture.name))
    let isNew = !FileManager.default.fileExists(atPath: place)
    if isNew {
      try? FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    }
    let before = Self.bytes(at: path)
    let temporary = path + Self.unfinished
    let isWritten = picture.bytes.withUnsafeReadableBytes { write($0, to: temporary) }
    guard isWritten, rename(temporary, path) == 0, syncFolder(place),
      !isNew || syncFolder(folder) && syncFolder(folder + "/..")
    else {
      unlink(temporary)
      return false
    }
    bytes.wrappingAdd(picture.bytes.readableBytes - before, ordering: .relaxed)
    return true
  }

  private func write(_ bytes: UnsafeRawBufferPointer, to path: String) -> Bool {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    defer { close(file) }
    var written = 0
    while written < bytes.count {
      let count = Glibc.write(file, bytes.baseAddress?.advanced(by: written), bytes.count - written)
      if count > 0 { written += count } else if errno != EINTR { return false }
    }
    return !isSynced || fsync(file) == 0
  }

  private func syncFolder(_ path: String) -> Bool {
    guard isSynced else { return true }
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0
  }

  // MARK: Reading and removing

  /// A picture and what it is; nil when there is none of that name.
  func read(_ name: String, appID: String) -> (format: Picture.Format, bytes: [UInt8])? {
    guard Self.isName(name), let data = FileManager.default.contents(atPath: path(appID, name)),
      let format = Picture.Format(data)
    else { return nil }
    return (format, Array(data))
  }

  /// Removes the picture of a device, behind those that wait to be written.
  func remove(appID: String, device: [UInt8]) {
    let name = device.withUnsafeBytes { Self.name(appID: appID, device: $0) }
    remove(name, appID: appID)
  }

  func remove(_ name: String, appID: String) {
    guard Self.isName(name), !appID.isEmpty else { return }
    queue.sync {
      let path = path(appID, name)
      let before = Self.bytes(at: path)
      guard unlink(path) == 0 else { return }
      bytes.wrappingSubtract(before, ordering: .relaxed)
      _ = syncFolder(folder + "/" + appID)
    }
  }

  /// Removes all pictures of an app.
  func removeAll(appID: String) {
    guard !appID.isEmpty else { return }
    queue.sync {
      let place = folder + "/" + appID
      let before = Self.sizes(of: place).reduce(0) { $0 + $1.bytes }
      guard (try? FileManager.default.removeItem(atPath: place)) != nil else { return }
      bytes.wrappingSubtract(before, ordering: .relaxed)
      _ = syncFolder(folder)
    }
  }

  private static func isName(_ name: String) -> Bool {
    name.utf8.count == 40
      && name.utf8.allSatisfy { byte in
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
          || byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f")
      }
  }

  private func path(_ appID: String, _ name: String) -> String { "\(folder)/\(appID)/\(name)" }

  private static func bytes(at path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// What is there at the start; what a crash left half written goes.
  private static func size(of folder: String) -> Int {
    var sum = 0
    for app in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      for file in sizes(of: folder + "/" + app) {
        if file.path.hasSuffix(unfinished) { unlink(file.path) } else { sum += file.bytes }
      }
    }
    return sum
  }

  private static func sizes(of place: String) -> [(path: String, bytes: Int)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
    return names.map { (place + "/" + $0, bytes(at: place + "/" + $0)) }
  }

  func register(in metrics: Metrics) {
    let counters = counters
    metrics.counter("tally_pictures_kept_total", help: "Pictures of users that were written") {
      counters.kept.count
    }
    metrics.counter("tally_pictures_unfit_total", help: "Files that are no picture, or too large") {
      counters.unfit.count
    }
    metrics.counter("tally_pictures_full_total", help: "Pictures there was no room for") {
      counters.full.count
    }
    metrics.counter("tally_pictures_failed_total", help: "Pictures the disk did not take") {
      counters.failed.count
    }
    metrics.gauge("tally_pictures_bytes", help: "What pictures take") { [self] in bytesKept }
  }
}
