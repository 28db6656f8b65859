import Glibc

/// Names of files in the journal's folder. A segment's number says only which comes after which.
enum SegmentName {
  private static let suffix = ".segment"
  private static let digits = 20
  private static let spareSuffix = ".spare"
  static let probe = "probe"
  static let quarantine = "quarantine"

  static func file(_ sequence: UInt64) -> String {
    let number = String(sequence)
    return String(repeating: "0", count: digits - number.count) + number + suffix
  }

  static func path(_ directory: String, _ sequence: UInt64) -> String {
    directory + "/" + file(sequence)
  }

  /// The name under which a trimmed segment waits to be used again.
  static func spare(_ directory: String, _ sequence: UInt64) -> String {
    path(directory, sequence) + spareSuffix
  }

  /// The number of a segment's file; nil for any other name.
  static func sequence(of file: String) -> UInt64? {
    guard file.hasSuffix(suffix) else { return nil }
    let number = file.dropLast(suffix.count)
    guard number.count == digits, number.allSatisfy(\.isNumber) else { return nil }
    return UInt64(number)
  }

  /// The segments of a folder, in order.
  static func sequences(in directory: String) throws(JournalError) -> [UInt64] {
    try names(in: directory).compactMap { sequence(of: $0) }.sorted()
  }

  /// The spares of a folder: names without their folder.
  static func spares(in directory: String) throws(JournalError) -> [String] {
    try names(in: directory).filter { $0.hasSuffix(spareSuffix) }
  }

  private static func names(in directory: String) throws(JournalError) -> [String] {
    guard let folder = opendir(directory) else {
      throw JournalError(
        .directory, "cannot list \(directory): \(String(cString: strerror(errno)))")
    }
    defer { closedir(folder) }
    var found: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      found.append(name)
    }
    return found
  }
}
