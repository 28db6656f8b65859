import CMaxMindDB
import Foundation

/// A file that tells country and city of an address, in MaxMind's format (GeoLite2, DB-IP). Any
/// thread may look up; nothing changes once it is open.
///
/// The library maps the file into memory, and a mapped file that somebody cuts short ends the
/// process. So what is mapped is a copy without a name, which nobody else can write.
final class PlaceDatabase: @unchecked Sendable {
  /// The largest file that is taken.
  static let bytesMax = 4 << 30

  /// Who made it for what, and when: `GeoLite2-City of 2026-11-17`.
  let description: String
  private let database: UnsafeMutablePointer<MMDB_s>

  /// Opens a copy of the file, made in `folder`.
  init(copying path: String, in folder: String) throws(PlaceError) {
    let copy = try Self.copy(path, in: folder)
    defer { unlink(copy) }
    let database = UnsafeMutablePointer<MMDB_s>.allocate(capacity: 1)
    let status = MMDB_open(copy, UInt32(MMDB_MODE_MMAP), database)
    guard status == MMDB_SUCCESS else {
      database.deallocate()
      let cause = MMDB_strerror(status).map { String(cString: $0) } ?? "status \(status)"
      throw PlaceError(
        file: path, cause: "it is no database of places: \(cause)",
        remedy: "put a MaxMind DB file (.mmdb) there that is complete")
    }
    self.database = database
    let metadata = database.pointee.metadata
    let kind = metadata.database_type.map { String(cString: $0) } ?? "database"
    description = "\(kind) of \(Self.day(metadata.build_epoch))"
  }

  deinit {
    MMDB_close(database)
    database.deallocate()
  }

  /// What became of a look-up.
  enum Outcome {
    case found
    case unknown
    /// The file is damaged where it was read.
    case damaged
  }

  /// Hands out country and city as they stand in the file, empty where it does not say.
  func find(
    _ address: ClientAddress, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
  ) -> Outcome {
    var place = tally_place()
    let bytes = (address.high.bigEndian, address.low.bigEndian)
    let status = withUnsafeBytes(of: bytes) { bytes in
      tally_place_find(database, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, &place)
    }
    guard status == MMDB_SUCCESS else { return .damaged }
    body(
      UnsafeRawBufferPointer(start: place.country, count: Int(place.country_len)),
      UnsafeRawBufferPointer(start: place.city, count: Int(place.city_len)))
    return place.country_len > 0 || place.city_len > 0 ? .found : .unknown
  }

  private static func day(_ seconds: UInt64) -> String {
    let days = Date(timeIntervalSince1970: Double(seconds))
    return days.formatted(.iso8601.year().month().day())
  }

  private static func copy(_ path: String, in folder: String) throws(PlaceError) -> String {
    let before = FileStamp(path)
    guard let source = FileHandle(forReadingAtPath: path) else {
      throw PlaceError(
        file: path, cause: String(cString: strerror(errno)),
        remedy: "put the file there, readable for the server, or take host.place_file out")
    }
    defer { try? source.close() }
    var template = Array((folder + "/places-XXXXXX").utf8CString)
    let target = mkstemp(&template)
    let copy = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard target >= 0 else { throw .noRoom(path) }
    do throws(PlaceError) {
      try fill(FileHandle(fileDescriptor: target, closeOnDealloc: true), from: source, path)
      guard FileStamp(path) == before else {
        throw PlaceError(
          file: path, cause: "it was written while it was read", remedy: "replace it by a rename")
      }
      return copy
    } catch {
      unlink(copy)
      throw error
    }
  }

  private static func fill(
    _ copy: FileHandle, from source: FileHandle, _ path: String
  ) throws(PlaceError) {
    var bytes = 0
    do {
      while let piece = try source.read(upToCount: 1 << 20), !piece.isEmpty, bytes <= bytesMax {
        try copy.write(contentsOf: piece)
        bytes += piece.count
      }
      try copy.close()
    } catch {
      throw .noRoom(path)
    }
    guard bytes <= bytesMax else {
      throw PlaceError(
        file: path, cause: "it has more than \(bytesMax >> 30) GiB",
        remedy: "put a smaller one there")
    }
  }
}

/// Why a file of places is not used: which, why, and what to do.
struct PlaceError: Error, CustomStringConvertible {
  let file: String
  let cause: String
  let remedy: String

  var description: String { "\(file): \(cause); \(remedy)" }

  static func noRoom(_ file: String) -> PlaceError {
    PlaceError(
      file: file, cause: "it cannot be copied to the data folder",
      remedy: "make room there, and let the server write it")
  }
}
