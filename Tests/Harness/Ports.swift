import Glibc
import Synchronization

/// TCP ports for servers under test.
package enum Ports {
  /// Below the range from which the system takes the ports of clients: while a server is down
  /// between two starts, no connection of another test can be given its port.
  private static let range: Range<UInt16> = 16_384..<32_768

  private static let given = Mutex<Set<UInt16>>([])

  /// A port nobody listens on, which this process has not been given before.
  package static func free() throws(HarnessError) -> UInt16 {
    let port = given.withLock { given -> UInt16? in
      // Two runs of the tests on one machine begin at places of their own.
      let first = UInt16(Int(getpid()) * 61 % range.count)
      let ports = [range.dropFirst(Int(first)), range.prefix(Int(first))].joined()
      guard let port = ports.first(where: { !given.contains($0) && isFree($0) }) else { return nil }
      given.insert(port)
      return port
    }
    guard let port else { throw HarnessError("no port of \(range) is free") }
    return port
  }

  private static func isFree(_ port: UInt16) -> Bool {
    let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(probe) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
