import Glibc

/// One segment file, open for writing. It is filled with zeros ahead of the writer, so that a sync
/// of data has no metadata to write.
final class Segment: @unchecked Sendable {
  /// What is filled at once: small enough that a writer who has caught up waits only milliseconds.
  static let sliceBytes = 1 << 20

  let sequence: UInt64
  let path: String
  /// The writer's.
  let descriptor: Int32
  /// The filler's own: an error of the disk is told once per open file, and the writer must hear
  /// it.
  let fillDescriptor: Int32
  /// Guarded by the filler's lock: zeros are on disk up to here, or the writer has claimed the
  /// bytes.
  var filled: Int

  private init(sequence: UInt64, path: String, descriptors: (Int32, Int32), filled: Int) {
    self.sequence = sequence
    self.path = path
    (descriptor, fillDescriptor) = descriptors
    self.filled = filled
  }

  deinit {
    Glibc.close(descriptor)
    Glibc.close(fillDescriptor)
  }

  /// Makes the file with its first slice, and its name, durable.
  static func make(directory: String, sequence: UInt64, segmentBytes: Int, files: FileOperations)
    throws(JournalError) -> Segment
  {
    let path = SegmentName.path(directory, sequence)
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw .disk("create", path, errno) }
    let slice = min(sliceBytes, segmentBytes)
    let second = Glibc.open(path, O_WRONLY | O_CLOEXEC)
    let segment = Segment(
      sequence: sequence, path: path, descriptors: (descriptor, second), filled: slice)
    do throws(JournalError) {
      guard second >= 0 else { throw JournalError.disk("open", path, errno) }
      let failure = Zeros.write(to: descriptor, 0..<slice, files: files)
      guard failure == 0 else { throw JournalError.disk("fill", path, failure) }
      let unsynced = files.syncDirectory(directory)
      guard unsynced == 0 else { throw JournalError.disk("sync", directory, unsynced) }
    } catch {
      Glibc.unlink(path)
      throw error
    }
    return segment
  }

  /// Makes a segment of a spare that is all zeros; its name is durable then.
  static func adopt(
    _ spare: SpareSegment, directory: String, sequence: UInt64, files: FileOperations
  ) throws(JournalError) -> Segment {
    let path = SegmentName.path(directory, sequence)
    guard rename(spare.path, path) == 0 else { throw .disk("rename", spare.path, errno) }
    let descriptors = (Glibc.open(path, O_RDWR | O_CLOEXEC), Glibc.open(path, O_WRONLY | O_CLOEXEC))
    let segment = Segment(
      sequence: sequence, path: path, descriptors: descriptors, filled: spare.cleaned)
    do throws(JournalError) {
      guard descriptors.0 >= 0, descriptors.1 >= 0 else { throw .disk("open", path, errno) }
      let unsynced = files.syncDirectory(directory)
      guard unsynced == 0 else { throw .disk("sync", directory, unsynced) }
    } catch {
      Glibc.unlink(path)
      throw error
    }
    return segment
  }
}
