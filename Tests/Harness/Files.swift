import Glibc

/// The few things tests do with files.
package enum Files {
  /// A new folder below the system's folder for temporary files.
  package static func temporaryFolder() throws(HarnessError) -> String {
    var template = Array("/tmp/tally-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw HarnessError("cannot make a temporary folder") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Puts a file where another may be, in one step.
  package static func rename(_ path: String, to place: String) throws(HarnessError) {
    guard Glibc.rename(path, place) == 0 else { throw HarnessError("cannot rename \(path)") }
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Removes a file, or a folder with everything in it.
  package static func remove(_ path: String) {
    guard unlink(path) != 0 else { return }
    for name in list(path) { remove(path + "/" + name) }
    rmdir(path)
  }

  /// The names in a folder, sorted.
  package static func list(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Every file below a folder, as paths relative to it, sorted.
  package static func tree(_ path: String) -> [String] {
    list(path).flatMap { name -> [String] in
      var status = stat()
      guard lstat(path + "/" + name, &status) == 0 else { return [] }
      if status.st_mode & S_IFMT != S_IFDIR { return [name] }
      return tree(path + "/" + name).map { name + "/" + $0 }
    }
  }

  package static func bytes(_ path: String) throws(HarnessError) -> [UInt8] {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { throw HarnessError("cannot read \(path)") }
    defer { close(file) }
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(file, &chunk, chunk.count)
      guard count > 0 else { return all }
      all.append(contentsOf: chunk[..<count])
    }
  }

  package static func text(_ path: String) throws(HarnessError) -> String {
    String(decoding: try bytes(path), as: UTF8.self)
  }

  package static func write(_ bytes: [UInt8], to path: String) throws(HarnessError) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard file >= 0 else { throw HarnessError("cannot write \(path)") }
    defer { close(file) }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 else { throw HarnessError("cannot write \(path)") }
      written += count
    }
  }

  package static func write(_ text: String, to path: String) throws(HarnessError) {
    try write(Array(text.utf8), to: path)
  }
}
