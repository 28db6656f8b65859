import Glibc

/// Writes a file of places as MaxMind's are: a tree over the bits of addresses, then the records,
/// then what the file says about itself. Small, and without any of their data.
package struct PlaceFile {
  /// A network and where it is; an empty text is not written.
  package struct Place {
    let address: [UInt8]
    let bits: Int
    let country: String
    let city: String

    /// `203.0.113.0/24`
    package init?(_ network: String, country: String, city: String = "") {
      let parts = network.split(separator: "/")
      guard parts.count == 2, let bits = Int(parts[1]) else { return nil }
      var bytes = [UInt8](repeating: 0, count: 16)
      // In these files IPv4 lies in the first 32 bits' worth of IPv6: ::/96.
      if inet_pton(AF_INET, String(parts[0]), &bytes[12]) == 1 {
        self.bits = bits + 96
      } else {
        guard inet_pton(AF_INET6, String(parts[0]), &bytes) == 1 else { return nil }
        self.bits = bits
      }
      address = bytes
      self.country = country
      self.city = city
    }
  }

  private enum Child {
    case nothing
    case node(Int)
    case record(Int)
  }

  private var nodes: [[Child]] = [[.nothing, .nothing]]
  private var data: [UInt8] = []
  private let kind: String
  private let madeAt: UInt64

  /// Of networks that lie in each other the later wins.
  package init(_ places: [Place], kind: String = "Test-City", madeAt: UInt64 = 1_763_337_600) {
    self.kind = kind
    self.madeAt = madeAt
    for place in places { add(place) }
  }

  private mutating func add(_ place: Place) {
    let offset = data.count
    var members: [(String, [UInt8])] = []
    if !place.country.isEmpty {
      members.append(("country", Self.map([("iso_code", Self.text(place.country))])))
    }
    if !place.city.isEmpty {
      let names = Self.map([("en", Self.text(place.city))])
      members.append(("city", Self.map([("names", names)])))
    }
    data += Self.map(members)
    var node = 0
    for bit in 0..<place.bits {
      let side = Int(place.address[bit / 8] >> UInt8(7 - bit % 8) & 1)
      if bit == place.bits - 1 {
        nodes[node][side] = .record(offset)
      } else if case .node(let next) = nodes[node][side] {
        node = next
      } else {
        nodes.append([nodes[node][side], nodes[node][side]])
        nodes[node][side] = .node(nodes.count - 1)
        node = nodes.count - 1
      }
    }
  }

  /// The whole file.
  package var bytes: [UInt8] {
    var all: [UInt8] = []
    for child in nodes.joined() {
      // What is no node is told by numbers from the count of nodes on; records lie behind 16 zeros.
      let number =
        switch child {
        case .nothing: nodes.count
        case .node(let index): index
        case .record(let offset): nodes.count + 16 + offset
        }
      all += Self.big(UInt64(number), bytes: 4)
    }
    all += [UInt8](repeating: 0, count: 16) + data
    all += [0xab, 0xcd, 0xef] + Array("MaxMind.com".utf8)
    return all
      + Self.map([
        ("node_count", Self.number(UInt64(nodes.count), type: 6, bytes: 4)),
        ("record_size", Self.number(32, type: 5, bytes: 2)),
        ("ip_version", Self.number(6, type: 5, bytes: 2)),
        ("database_type", Self.text(kind)),
        ("languages", Self.control(type: 11, size: 1) + Self.text("en")),
        ("binary_format_major_version", Self.number(2, type: 5, bytes: 2)),
        ("binary_format_minor_version", Self.number(0, type: 5, bytes: 2)),
        ("build_epoch", Self.number(madeAt, type: 9, bytes: 8)),
        ("description", Self.map([("en", Self.text("for tests"))])),
      ])
  }

  /// Puts the file in its place in one step, as whoever updates such files does.
  package func put(at path: String) throws(HarnessError) {
    try Files.write(bytes, to: path + ".new")
    try Files.rename(path + ".new", to: path)
  }

  private static func big(_ value: UInt64, bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  private static func control(type: UInt8, size: Int) -> [UInt8] {
    precondition(size < 285, "longer values have another form")
    let (head, more) = size < 29 ? (UInt8(size), []) : (29, [UInt8(size - 29)])
    return (type > 7 ? [head, type - 7] : [type << 5 | head]) + more
  }

  private static func number(_ value: UInt64, type: UInt8, bytes: Int) -> [UInt8] {
    control(type: type, size: bytes) + big(value, bytes: bytes)
  }

  private static func text(_ text: String) -> [UInt8] {
    control(type: 2, size: text.utf8.count) + Array(text.utf8)
  }

  private static func map(_ members: [(String, [UInt8])]) -> [UInt8] {
    control(type: 7, size: members.count) + members.flatMap { text($0.0) + $0.1 }
  }
}
