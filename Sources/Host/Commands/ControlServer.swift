import Foundation
import Synchronization

/// Answers the commands of this machine's operator on `control.sock`, one after another on a thread
/// of its own. Whoever can open the socket may do everything: its permissions are the
/// authentication.
final class ControlServer: Sendable {
  private let folder: String
  private let socket: ControlSocket
  private let handler: @Sendable (ControlRequest) -> ControlReply
  private let isStopping = Atomic<Bool>(false)
  private let finished = DispatchSemaphore(value: 0)

  /// Binds the socket in a folder whose lock the caller holds, and starts to answer.
  static func start(
    folder: DataFolder, handler: @escaping @Sendable (ControlRequest) -> ControlReply
  ) throws(CommandError) -> ControlServer {
    let socket = try ControlSocket.listen(folder: folder.path)
    let server = ControlServer(folder: folder.path, socket: socket, handler: handler)
    let thread = Thread { server.serve() }
    thread.name = "tally-control"
    thread.start()
    return server
  }

  private init(
    folder: String, socket: consuming ControlSocket,
    handler: @escaping @Sendable (ControlRequest) -> ControlReply
  ) {
    self.folder = folder
    self.socket = socket
    self.handler = handler
  }

  /// Takes no further command, waits for the one that runs, and removes the socket; false when that
  /// command did not end in time.
  @discardableResult
  func stop(within seconds: Double = 10) -> Bool {
    guard isStopping.exchange(true, ordering: .acquiringAndReleasing) == false else { return true }
    socket.shutDown()
    let isOver = finished.wait(timeout: .now() + seconds) == .success
    unlink(folder + "/" + ControlSocket.name)
    return isOver
  }

  private func serve() {
    while !isStopping.load(ordering: .acquiring) {
      guard let peer = socket.accept() else {
        // Out of descriptors, for example: the next attempt may work, a busy loop helps nobody.
        usleep(50_000)
        continue
      }
      answer(peer)
    }
    finished.signal()
  }

  /// A command that went away or speaks nonsense harms nobody but itself.
  private func answer(_ peer: borrowing ControlSocket) {
    do throws(CommandError) {
      try peer.send(handler(try peer.receive(ControlRequest.self)))
    } catch {
      try? peer.send(ControlReply.failure(error))
    }
  }
}

/// Asks a running server.
enum ControlClient {
  /// Nil when no server runs on the folder.
  static func ask(
    _ request: ControlRequest, folder: String
  ) throws(CommandError) -> ControlReply? {
    guard let socket = try ControlSocket.connect(folder: folder) else { return nil }
    try socket.send(request)
    return try socket.receive(ControlReply.self)
  }
}
