import Foundation

/// The month files of raw items. Used by the writer only.
final class RawFiles {
  let directory: String
  private let tuning: StoreTuning
  /// Open files, the most recently used last.
  private var open: [(month: Int32, file: RawFile)] = []

  init(directory: String, tuning: StoreTuning) {
    self.directory = directory
    self.tuning = tuning
  }

  /// The paths of all month files, oldest first.
  static func paths(in directory: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.hasSuffix(".db") }.sorted()
      .map { (directory as NSString).appendingPathComponent($0) }
  }

  /// Deletes what lies behind a position, in every file.
  func deleteAll(beyond position: UInt64) throws(StoreError) {
    for path in Self.paths(in: directory) {
      try RawFile(path: path, tuning: tuning).delete(beyond: position)
    }
  }

  /// The same in the files that are open, which are all a failed commit can have written.
  func deleteInOpenFiles(beyond position: UInt64) throws(StoreError) {
    for entry in open { try entry.file.delete(beyond: position) }
  }

  func write(_ raw: RawBlocks) throws {
    var start = raw.blocks.startIndex
    while start < raw.blocks.endIndex {
      let month = raw.blocks[start].month
      let end = raw.blocks[start...].firstIndex { $0.month != month } ?? raw.blocks.endIndex
      try file(month: month).write(raw.blocks[start..<end])
      start = end
    }
  }

  /// Writes a block of one file anew, without some items.
  func rewrite(_ path: String, _ block: Int64, without isGone: (RawItem) -> Bool) throws {
    try file(at: path).rewrite(block, without: isGone)
  }

  /// False when readers are in the way.
  func emptyLogs() throws(StoreError) -> Bool {
    var areEmpty = true
    for path in Self.paths(in: directory) {
      if try !file(at: path).emptyLog() { areEmpty = false }
    }
    return areEmpty
  }

  /// The file that is open, or one for as long as it is used.
  private func file(at path: String) throws(StoreError) -> RawFile {
    if let known = open.first(where: { $0.file.path == path }) { return known.file }
    return try RawFile(path: path, tuning: tuning)
  }

  func checkpointIfDue() throws(StoreError) {
    for entry in open { try entry.file.checkpointIfDue() }
  }

  func close() {
    open.removeAll()
  }

  /// Lets go of a month's file.
  func letGo(of month: Int32) { open.removeAll { $0.month == month } }

  func file(month: Int32) throws(StoreError) -> RawFile {
    if let place = open.firstIndex(where: { $0.month == month }) {
      let entry = open.remove(at: place)
      open.append(entry)
      return entry.file
    }
    let name = "\(month / 100)-\(month % 100 < 10 ? "0" : "")\(month % 100).db"
    let file = try RawFile(
      path: (directory as NSString).appendingPathComponent(name), tuning: tuning)
    try DatabaseFile.syncDirectory(directory)
    if open.count >= tuning.rawFilesOpenMax { open.removeFirst() }
    open.append((month, file))
    return file
  }
}
