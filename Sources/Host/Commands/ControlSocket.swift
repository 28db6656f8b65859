import Foundation

/// A connected end of `control.sock`, or its listening end: newline-ended JSON in both directions,
/// one request to a connection.
struct ControlSocket: ~Copyable, Sendable {
  static let name = "control.sock"
  static let lineBytesMax = 4 << 20
  /// The longest wait for the other side's next byte.
  static let patienceSeconds = 10
  static let backlogMax: Int32 = 16

  let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Binds the socket for this user alone. Only the holder of the folder's lock calls this, so that
  /// what lies there is a leftover.
  static func listen(folder: String) throws(CommandError) -> ControlSocket {
    let address = try Address(folder: folder)
    let socket = try make()
    unlink(folder + "/" + name)
    // The folder may be open to others; the mask makes the socket ours from its first moment.
    let mask = umask(0o177)
    let bound = address.with { bind(socket.descriptor, $0, $1) }
    let code = errno
    umask(mask)
    guard bound == 0, Glibc.listen(socket.descriptor, backlogMax) == 0 else {
      throw .system("\(folder)/\(name) cannot be opened", errno: bound == 0 ? errno : code)
    }
    return socket
  }

  /// Nil when no server listens there.
  static func connect(folder: String) throws(CommandError) -> ControlSocket? {
    let address = try Address(folder: folder)
    let socket = try make()
    guard address.with({ Glibc.connect(socket.descriptor, $0, $1) }) != 0 else {
      socket.setPatience()
      return socket
    }
    if [ENOENT, ECONNREFUSED, ENOTDIR].contains(errno) { return nil }
    throw .system("\(folder)/\(name) cannot be reached", errno: errno)
  }

  /// The next connection; nil when the listening end was shut down.
  func accept() -> ControlSocket? {
    let peer = SystemCall.retrying { Int(Glibc.accept(descriptor, nil, nil)) }
    guard peer >= 0 else { return nil }
    let socket = ControlSocket(descriptor: Int32(peer))
    _ = fcntl(socket.descriptor, F_SETFD, FD_CLOEXEC)
    socket.setPatience()
    return socket
  }

  /// Wakes whoever waits in `accept`.
  func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Sends one message and the newline that ends it.
  func send(_ message: some Encodable) throws(CommandError) {
    guard var bytes = try? [UInt8](JSONEncoder().encode(message)) else {
      throw CommandError(.control, "the message cannot be written as JSON")
    }
    bytes.append(UInt8(ascii: "\n"))
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        SystemCall.retrying {
          Glibc.send(
            descriptor, buffer.baseAddress?.advanced(by: sent), buffer.count - sent,
            Int32(MSG_NOSIGNAL))
        }
      }
      guard count > 0 else { throw .system("control.sock broke off", errno: errno) }
      sent += count
    }
  }

  /// Reads one line and decodes it.
  func receive<Message: Decodable>(_ type: Message.Type) throws(CommandError) -> Message {
    let line = try receiveLine()
    guard let message = try? JSONDecoder().decode(type, from: Data(line)) else {
      throw CommandError(.control, "control.sock: the other side does not speak this version")
    }
    return message
  }

  private func receiveLine() throws(CommandError) -> [UInt8] {
    var line: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while line.count <= Self.lineBytesMax {
      let count = SystemCall.retrying { recv(descriptor, &chunk, chunk.count, 0) }
      guard count >= 0 else { throw .system("control.sock gave no answer", errno: errno) }
      guard count > 0 else {
        throw CommandError(.control, "control.sock: the other side closed too early; try again")
      }
      line += chunk[..<count]
      if let end = line.firstIndex(of: UInt8(ascii: "\n")) { return Array(line[..<end]) }
    }
    throw CommandError(.control, "control.sock: a message is over \(Self.lineBytesMax) bytes")
  }

  private static func make() throws(CommandError) -> ControlSocket {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .system("no socket can be made", errno: errno) }
    return ControlSocket(descriptor: descriptor)
  }

  private func setPatience() {
    var time = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
  }
}

extension ControlSocket {
  /// The socket's address. A path too long for the kernel's 108 bytes is reached through the
  /// folder's descriptor, so that deep data folders work as well.
  fileprivate struct Address: ~Copyable {
    private var name = sockaddr_un()
    private let folder: Int32

    init(folder path: String) throws(CommandError) {
      var text = Array("\(path)/\(ControlSocket.name)".utf8)
      let room = MemoryLayout.size(ofValue: name.sun_path) - 1
      if text.count > room {
        folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .system("\(path) cannot be opened", errno: errno) }
        text = Array("/proc/self/fd/\(folder)/\(ControlSocket.name)".utf8)
      } else {
        folder = -1
      }
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: text) }
    }

    deinit { if folder >= 0 { close(folder) } }

    func with(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
      withUnsafePointer(to: name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
    }
  }
}
