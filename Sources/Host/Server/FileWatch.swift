import Foundation
import Synchronization

/// Tells when something happens to files: written, replaced by a rename as many editors do, linked
/// anew as container platforms do, removed. Folders are watched, because a replaced file is another
/// file. One thread waits; any thread wakes it.
final class FileWatch: @unchecked Sendable {
  static let foldersMax = 256
  /// How long must be quiet before a change is taken for complete, and the longest wait for that.
  static let quietMilliseconds: Int32 = 20
  static let settleMillisecondsMax = 200

  private static let mask = UInt32(
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF
      | IN_MOVE_SELF)
  private static let bufferBytes = 64 << 10

  private let descriptor: Int32
  /// A pipe: what is read, what is written.
  private let waker: (out: Int32, in: Int32)
  private let lock = NSLock()
  /// By folder.
  private var watches: [String: Int32] = [:]
  private var buffer: UnsafeMutableRawBufferPointer

  init() throws(CommandError) {
    descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard descriptor >= 0 else { throw .system("files cannot be watched", errno: errno) }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      let code = errno
      close(descriptor)
      throw .system("files cannot be watched", errno: code)
    }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    waker = (ends[0], ends[1])
    buffer = .allocate(byteCount: Self.bufferBytes, alignment: 8)
  }

  deinit {
    close(descriptor)
    close(waker.out)
    close(waker.in)
    buffer.deallocate()
  }

  /// Watches the folders of these files from here on, and of what they are links to. In place of a
  /// folder that is not there, the one in which it will come. Any thread.
  func watch(_ paths: [String]) {
    var folders: Set<String> = []
    for path in paths {
      folders.insert(Self.folder(of: path))
      let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      folders.insert(Self.folder(of: real))
    }
    lock.lock()
    defer { lock.unlock() }
    for (folder, watch) in watches where !folders.contains(folder) {
      inotify_rm_watch(descriptor, watch)
      watches[folder] = nil
    }
    for folder in folders.prefix(Self.foldersMax) {
      // Repeated for a folder that is watched already: it may be another one of that name.
      let watch = inotify_add_watch(descriptor, folder, Self.mask)
      watches[folder] = watch >= 0 ? watch : nil
    }
  }

  private static func folder(of path: String) -> String {
    var folder = (path as NSString).deletingLastPathComponent
    while access(folder, F_OK) != 0, folder.count > 1 {
      folder = (folder as NSString).deletingLastPathComponent
    }
    return folder
  }

  /// Waits until something happened and it is quiet again, or `wake` was called, or so many
  /// milliseconds are over; true when something happened.
  func wait(milliseconds: Int32) -> Bool {
    guard poll(milliseconds) else { return false }
    guard read() else { return false }
    let deadline = Clock.monotonicSeconds + Double(Self.settleMillisecondsMax) / 1_000
    while Clock.monotonicSeconds < deadline, poll(Self.quietMilliseconds) { _ = read() }
    return true
  }

  /// Lets `wait` return.
  func wake() {
    _ = SystemCall.retrying { write(waker.in, "w", 1) }
  }

  private func poll(_ milliseconds: Int32) -> Bool {
    var waits = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: waker.out, events: Int16(POLLIN), revents: 0),
    ]
    let ready = Glibc.poll(&waits, 2, milliseconds)
    if ready > 0, waits[1].revents != 0 {
      var bytes = [UInt8](repeating: 0, count: 64)
      _ = SystemCall.retrying { Glibc.read(waker.out, &bytes, bytes.count) }
    }
    return ready > 0 && waits[0].revents != 0
  }

  /// Takes what there is; true when it matters.
  private func read() -> Bool {
    var matters = false
    while true {
      let count = SystemCall.retrying { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
      guard count > 0 else { return matters }
      var offset = 0
      while offset + MemoryLayout<inotify_event>.size <= count {
        let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
        let start = offset + MemoryLayout<inotify_event>.size
        let name = buffer[start..<start + Int(event.len)].prefix { $0 != 0 }
        matters = matters || isOfInterest(event, String(decoding: name, as: UTF8.self))
        offset = start + Int(event.len)
      }
    }
  }

  /// A new file is not complete before it is closed; a link or a folder is at once.
  private func isOfInterest(_ event: inotify_event, _ name: String) -> Bool {
    guard event.mask & UInt32(IN_CREATE) != 0 else { return true }
    let folder = lock.withLock { watches.first { $0.value == event.wd }?.key }
    guard let folder else { return true }
    var info = stat()
    guard lstat(folder + "/" + name, &info) == 0 else { return true }
    return [S_IFLNK, S_IFDIR].contains(info.st_mode & S_IFMT) || info.st_nlink > 1
  }
}

/// What tells whether a file changed: which it is, its size and its times. Links are followed.
struct FileStamp: Equatable {
  private let numbers: [Int64]

  init(_ path: String) {
    var info = stat()
    guard stat(path, &info) == 0 else {
      numbers = []
      return
    }
    numbers = [
      Int64(bitPattern: UInt64(info.st_dev)), Int64(bitPattern: UInt64(info.st_ino)),
      Int64(info.st_size), Int64(info.st_mtim.tv_sec), Int64(info.st_mtim.tv_nsec),
      Int64(info.st_ctim.tv_sec), Int64(info.st_ctim.tv_nsec),
    ]
  }

  static func of(_ paths: [String]) -> [String: FileStamp] {
    Dictionary(paths.map { ($0, FileStamp($0)) }) { first, _ in first }
  }
}
