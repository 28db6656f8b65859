import Foundation
import Synchronization

/// Private copies of plugins' code, each under a name that holds its hash. Only such copies are
/// loaded: what is overwritten or replaced in its place does not touch what runs, the loader takes
/// each new name for new code, and the bytes that were hashed are the bytes that run.
package final class CodeCache: Sendable {
  /// One copy.
  package struct Copy: Equatable, Sendable {
    package let path: String
    /// Lower-case hexadecimal.
    package let sha256: String
  }

  /// Tells whether a file is the one that was read before.
  private struct Stamp: Equatable {
    let device: dev_t
    let inode: ino_t
    let size: off_t
    let modified: timespec
    let changed: timespec

    static func == (one: Stamp, other: Stamp) -> Bool {
      one.device == other.device && one.inode == other.inode && one.size == other.size
        && one.modified.tv_sec == other.modified.tv_sec
        && one.modified.tv_nsec == other.modified.tv_nsec
        && one.changed.tv_sec == other.changed.tv_sec
        && one.changed.tv_nsec == other.changed.tv_nsec
    }
  }

  private struct Known {
    var byPath: [String: (stamp: Stamp, pins: PluginPins, copy: Copy)] = [:]
    /// Made by this process, and perhaps mapped: never written again.
    var paths: Set<String> = []
  }

  private let folder: String
  private let known = Mutex(Known())

  /// Makes the folder and empties it, but for code that `verdictsPath` says is still needed: nothing
  /// of it is loaded when a process begins.
  package init(folder: String, verdictsPath: String? = nil) throws(PluginError) {
    self.folder = folder
    let kept = verdictsPath.map { Verdicts(path: $0).kept } ?? []
    let names = Set(kept.map { Self.file($0.plugin, Lifecycle.sha256(of: $0.code)) })
    do {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      where !names.contains(name) {
        try FileManager.default.removeItem(atPath: folder + "/" + name)
      }
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw PluginError(
        .notFound,
        "\(folder) cannot be made: \(error.localizedDescription) Check the data folder")
    }
  }

  /// The copy of the code that lies at a path at this moment, made when it is new. What is verified,
  /// hashed and copied is the same bytes. It need not survive this process, so nobody waits for the
  /// disk; see `keep`.
  package func admit(
    name: String, path: String, pins: PluginPins = PluginPins(),
    policy: TrustPolicy = TrustPolicy()
  ) throws(PluginError) -> Copy {
    let stamp = Self.stamp(of: path)
    if let stamp, let entry = known.withLock({ $0.byPath[path] }),
      entry.stamp == stamp, entry.pins == pins
    {
      return entry.copy
    }
    let image = try PluginImage(reading: path)
    try image.verify(pins, plugin: name, policy: policy)
    let copy = try copied(image, name: name)
    known.withLock {
      $0.paths.insert(copy.path)
      // Only what did not change while it was read is known by its stamp.
      if let stamp, Self.stamp(of: path) == stamp { $0.byPath[path] = (stamp, pins, copy) }
    }
    return copy
  }

  /// A copy that an earlier process left, verified as if it were new; nil when there is none.
  func kept(
    name: String, sha256: String, pins: PluginPins, policy: TrustPolicy
  ) throws(PluginError) -> Copy? {
    let path = folder + "/" + Self.file(name, sha256)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let image = try PluginImage(reading: path)
    guard image.sha256 == sha256 else { return nil }
    try image.verify(pins, plugin: name, policy: policy)
    known.withLock { _ = $0.paths.insert(path) }
    return Copy(path: path, sha256: sha256)
  }

  private static func file(_ name: String, _ sha256: String) -> String { "\(name)-\(sha256).so" }

  private func copied(_ image: PluginImage, name: String) throws(PluginError) -> Copy {
    let final = folder + "/" + Self.file(name, image.sha256)
    let copy = Copy(path: final, sha256: image.sha256)
    if known.withLock({ $0.paths.contains(final) }) { return copy }
    let temporary = "\(folder)/\(name).part"
    defer { unlink(temporary) }
    let target = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o500)
    guard target >= 0 else { throw Self.failure("\(temporary) cannot be written") }
    defer { close(target) }
    try Self.write(image.bytes[...], to: target, path: image.path)
    guard rename(temporary, final) == 0 else {
      throw Self.failure("\(final) cannot be written")
    }
    return copy
  }

  /// Makes a copy durable that processes after this one will need.
  func keep(name: String, sha256: String) {
    for path in [folder + "/" + Self.file(name, sha256), folder] {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      fsync(descriptor)
      close(descriptor)
    }
  }

  private static func write(
    _ bytes: ArraySlice<UInt8>, to target: Int32, path: String
  ) throws(PluginError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(target, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure("the copy of \(path) cannot be written") }
      rest = rest.dropFirst(count)
    }
  }

  private static func stamp(of path: String) -> Stamp? {
    var info = stat()
    guard stat(path, &info) == 0 else { return nil }
    return Stamp(
      device: info.st_dev, inode: info.st_ino, size: info.st_size, modified: info.st_mtim,
      changed: info.st_ctim)
  }

  private static func failure(_ what: String) -> PluginError {
    PluginError(
      .notFound, "\(what): \(String(cString: strerror(errno))); check disk and permissions")
  }
}
