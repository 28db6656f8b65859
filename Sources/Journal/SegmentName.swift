import Glibc

/// Names of files in the journal's folder. A segment's number says only which comes after which.
enum SegmentName {
  private static let suffix = ".segment"
  private static let digits = 20
  static let probe = "probe"
  static let quarantine = "quarantine"

  static func file(_ sequence: UInt64) -> String {
    let number = String(sequence)
    return String(repeating: "0", count: digits - number.count) + number + suffix
  }

  static func path(_ directory: String, _ sequence: UInt64) -> String {
    directory + "/" + file(sequence)
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
    guard let folder = opendir(directory) else {
      throw JournalError(
        .directory, "cannot list \(directory): \(String(cString: strerror(errno)))")
    }
    defer { closedir(folder) }
    var found: [UInt64] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let sequence = sequence(of: name) { found.append(sequence) }
    }
    return found.sorted()
  }
}
