import Foundation

/// The file of keys that the secrets of the database are sealed under. It lies outside the
/// database, so that a copy of the one is worth nothing without the other.
///
/// One key a line, 64 hexadecimal digits; `#` begins a remark. The first seals what is new; the
/// others are there until everything is sealed under the first.
struct KeyFile {
  static let name = "tally.key"
  static let keyBytes = 32
  static let keysMax = 8
  private static let bytesMax = 4_096

  let path: String
  let keys: [[UInt8]]

  /// Nil when there is no such file.
  init?(path: String) throws(StoreError) {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw StoreError(.unreachable, "the key file \(path) cannot be read; let this user read it")
    }
    defer { try? handle.close() }
    let permissions =
      (try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]) as? Int ?? 0
    guard permissions & 0o022 == 0 else {
      throw StoreError(.foreign, "others may write the key file \(path); chmod 600 it")
    }
    let data = (try? handle.read(upToCount: Self.bytesMax)) ?? nil
    let lines = String(decoding: data ?? Data(), as: UTF8.self).split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.hasPrefix("#") && !$0.isEmpty }
    let keys = lines.compactMap(Self.key)
    guard (1...Self.keysMax).contains(keys.count), keys.count == lines.count else {
      throw StoreError(
        .foreign,
        "the key file \(path) must hold 1 to \(Self.keysMax) lines of \(Self.keyBytes * 2) "
          + "hexadecimal digits")
    }
    (self.path, self.keys) = (path, keys)
  }

  /// Makes the file with one random key; durable when this returns.
  init(making path: String) throws(StoreError) {
    var generator = SystemRandomNumberGenerator()
    let text = Identifier.hex(bytes: Self.keyBytes, using: &generator)
    let line = Array("\(text)\n".utf8)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure(path) }
    defer { close(descriptor) }
    guard write(descriptor, line, line.count) == line.count, fsync(descriptor) == 0 else {
      throw Self.failure(path)
    }
    do {
      try DatabaseFile.syncDirectory((path as NSString).deletingLastPathComponent)
    } catch { throw StoreError(error, file: path) }
    self.path = path
    keys = [Self.key(text) ?? []]
  }

  private static func failure(_ path: String) -> StoreError {
    StoreError(
      .unreachable,
      "the key file \(path) cannot be made: \(String(cString: strerror(errno))); "
        + "let this user write there")
  }

  private static func key(_ text: String) -> [UInt8]? {
    guard text.utf8.count == keyBytes * 2 else { return nil }
    var (key, rest): ([UInt8], Substring) = ([], text[...])
    while !rest.isEmpty {
      guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
      key.append(byte)
      rest = rest.dropFirst(2)
    }
    return key
  }
}
