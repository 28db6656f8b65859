import Foundation
import Harness

/// Certificates made for one test, and servers of Debian's that show them.
final class SecureServer {
  /// What a server shows.
  enum Certificate: String {
    /// For localhost and 127.0.0.1, by the authority.
    case valid
    /// The same, of yesterday.
    case expired
    /// For another name.
    case other
  }

  let folder: String
  /// The authority's certificate.
  var authority: String { folder + "/authority.pem" }
  private var servers: [Subprocess] = []

  init() throws {
    folder = try Files.temporaryFolder()
    try run([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
      "2",
      "-subj", "/CN=Test authority", "-keyout", "authority.key", "-out", "authority.pem",
    ])
    try run([
      "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
      "/CN=localhost", "-keyout", "server.key", "-out", "server.csr",
    ])
    let own = "DNS:localhost,IP:127.0.0.1"
    for (certificate, days, names) in [
      (Certificate.valid, "2", own), (.expired, "-1", own), (.other, "2", "DNS:other.test"),
    ] {
      try Files.write("subjectAltName=\(names)\n", to: folder + "/names")
      try run([
        "x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
        "-CAcreateserial", "-days", days, "-extfile", "names", "-out",
        "\(certificate.rawValue).pem",
      ])
    }
  }

  deinit {
    for server in servers { server.killAndWait() }
    Files.remove(folder)
  }

  /// `openssl s_server`: HTTP/1 over TLS. Each file is a whole answer; by its name it is asked for.
  func serve(_ answers: [String: String], showing certificate: Certificate = .valid) throws
    -> UInt16
  {
    for (name, answer) in answers { try Files.write(answer, to: "\(folder)/\(name)") }
    let port = try Ports.free()
    try start(
      [
        "openssl", "s_server", "-accept", "\(port)", "-cert", "\(certificate.rawValue).pem", "-key",
        "server.key", "-HTTP", "-quiet",
      ], port)
    return port
  }

  /// `nghttpd`: HTTP/2 over TLS, which sends back what is posted.
  func serveHTTP2(_ pages: [String: String]) throws -> UInt16 {
    for (name, page) in pages { try Files.write(page, to: "\(folder)/\(name)") }
    let port = try Ports.free()
    try start(
      [
        "nghttpd", "--echo-upload", "-d", folder, "\(port)", "server.key", "valid.pem",
      ], port)
    return port
  }

  private func start(_ arguments: [String], _ port: UInt16) throws {
    servers.append(
      try Subprocess(arguments, logPath: folder + "/log", workingDirectory: folder))
    let deadline = Clock.now + 10
    while !Self.listens(port) {
      guard Clock.now < deadline else {
        throw Stand.Failure(text: "\(arguments[0]) does not listen; `make setup` installs it")
      }
      usleep(10_000)
    }
  }

  private static func listens(_ port: UInt16) -> Bool {
    let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(probe) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  private func run(_ arguments: [String]) throws {
    let (status, output) = try Subprocess.run(
      ["sh", "-c", "cd \"$0\" && exec openssl \"$@\"", folder] + arguments)
    guard status == .code(0) else { throw Stand.Failure(text: "openssl: \(output)") }
  }
}
