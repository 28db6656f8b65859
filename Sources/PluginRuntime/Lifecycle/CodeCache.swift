import CCrypto
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
    var byPath: [String: (stamp: Stamp, copy: Copy)] = [:]
    /// Made by this process, and perhaps mapped: never written again.
    var paths: Set<String> = []
  }

  static let codeBytesMax = 512 << 20
  private static let chunkBytes = 256 << 10

  private let folder: String
  private let known = Mutex(Known())

  /// Makes the folder and empties it: nothing of it is loaded when a process begins.
  package init(folder: String) throws(PluginError) {
    self.folder = folder
    do {
      try? FileManager.default.removeItem(atPath: folder)
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw PluginError(
        .notFound,
        "\(folder) cannot be made: \(error.localizedDescription) Check the data folder")
    }
  }

  /// The copy of the code that lies at a path at this moment, made and synced when it is new.
  package func admit(name: String, path: String) throws(PluginError) -> Copy {
    try SharedObject.inspect(path: path)
    let stamp = Self.stamp(of: path)
    if let stamp, let entry = known.withLock({ $0.byPath[path] }), entry.stamp == stamp {
      return entry.copy
    }
    let copy = try copied(name: name, path: path)
    known.withLock {
      $0.paths.insert(copy.path)
      // Only what did not change while it was read is known by its stamp.
      if let stamp, Self.stamp(of: path) == stamp { $0.byPath[path] = (stamp, copy) }
    }
    return copy
  }

  private func copied(name: String, path: String) throws(PluginError) -> Copy {
    let temporary = "\(folder)/\(name).part"
    defer { unlink(temporary) }
    let source = open(path, O_RDONLY | O_CLOEXEC)
    guard source >= 0 else { throw Self.failure("\(path) cannot be read") }
    defer { close(source) }
    let target = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o500)
    guard target >= 0 else { throw Self.failure("\(temporary) cannot be written") }
    defer { close(target) }
    let sha256 = try Self.copy(source, to: target, path: path)
    let final = "\(folder)/\(name)-\(sha256).so"
    if known.withLock({ $0.paths.contains(final) }) { return Copy(path: final, sha256: sha256) }
    guard fsync(target) == 0, rename(temporary, final) == 0 else {
      throw Self.failure("\(final) cannot be written")
    }
    syncFolder()
    return Copy(path: final, sha256: sha256)
  }

  private func syncFolder() {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  /// Copies everything and answers the hash of what was copied.
  private static func copy(
    _ source: Int32, to target: Int32, path: String
  ) throws(PluginError) -> String {
    guard let digest = EVP_MD_CTX_new() else { throw failure("\(path) cannot be hashed") }
    defer { EVP_MD_CTX_free(digest) }
    EVP_DigestInit_ex(digest, EVP_sha256(), nil)
    var chunk = [UInt8](repeating: 0, count: chunkBytes)
    var total = 0
    while true {
      let count = read(source, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("\(path) cannot be read") }
      if count == 0 { break }
      total += count
      guard total <= codeBytesMax else {
        throw PluginError(
          .notSharedObject, "\(path) is larger than \(codeBytesMax) bytes; strip it")
      }
      EVP_DigestUpdate(digest, chunk, count)
      try write(chunk[..<count], to: target, path: path)
    }
    var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    EVP_DigestFinal_ex(digest, &bytes, &length)
    return bytes[..<Int(length)].map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
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
