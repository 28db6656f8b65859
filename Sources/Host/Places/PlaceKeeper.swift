import Foundation
import Logging
import Synchronization

/// Keeps the book of places as its file is: reads it at the start, and again when it is written or
/// replaced. A file that cannot be used changes nothing, and is named in the log.
final class PlaceKeeper: Sendable {
  let book = PlaceBook()
  private let path: String
  /// Where copies are made.
  private let folder: String
  private let log: Logger
  private let watch: FileWatch
  private let stamp: Mutex<FileStamp>
  private let isStarted = Atomic<Bool>(false)
  private let isStopping = Atomic<Bool>(false)
  private let finished = DispatchSemaphore(value: 0)

  /// Reads the file. Without a usable one the book is empty, and the server runs without places.
  init(path: String, folder: String, log: Logger) throws(CommandError) {
    self.path = path
    self.folder = folder
    self.log = log
    watch = try FileWatch()
    watch.watch([path])
    stamp = Mutex(FileStamp(path))
    read()
  }

  /// Begins to watch, on a thread of its own.
  func start() {
    isStarted.store(true, ordering: .relaxed)
    Thread.start(name: "places") { self.run() }
  }

  func stop() {
    isStopping.store(true, ordering: .releasing)
    watch.wake()
    if isStarted.load(ordering: .relaxed) { finished.wait() }
  }

  private func run() {
    while !isStopping.load(ordering: .acquiring) {
      _ = watch.wait(milliseconds: -1)
      if isStopping.load(ordering: .acquiring) { break }
      // Links may lead elsewhere now.
      watch.watch([path])
      let now = FileStamp(path)
      let isNew = stamp.withLock { stamp in
        defer { stamp = now }
        return stamp != now
      }
      if isNew { read() }
    }
    finished.signal()
  }

  private func read() {
    do throws(PlaceError) {
      let database = try PlaceDatabase(copying: path, in: folder)
      book.replace(database)
      log.info(
        "places are looked up",
        metadata: ["file": "\(path)", "database": "\(database.description)"])
    } catch {
      book.refused.add()
      log.error(
        book.database == nil
          ? "the file of places cannot be used; countries are only those that SDKs send"
          : "the file of places cannot be used; the one before stays in force",
        metadata: ["reason": "\(error)"])
    }
  }
}
