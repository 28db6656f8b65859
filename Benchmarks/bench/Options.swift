import Harness

/// What a run is told.
struct Options {
  var seconds = 8
  var rounds = 3
  var connections = 64
  var bulkConnections = 8
  var pacedConnections = 100
  /// Only reads beside intake, instead of the table.
  var onlyReads = false
  var folder = "/tmp"
  var jsonPath = "bench.json"
  var scripts = "Benchmarks/wrk"
  var cases = Case.allCases.filter { $0 != .paced }
  var measuresPlugins = true

  /// Where `tally` and `bare-nio` lie: beside this executable, or where TALLY_BINARY points.
  static let binaries =
    TallyServer.binary.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    .joined(separator: "/")

  static let help = """
    usage: bench [--seconds N] [--rounds N] [--connections N] [--bulk-connections N]
                 [--folder DIR] [--json FILE] [--scripts DIR] [--cases abcdLp] [--reads yes]
      --seconds      load of each measurement (8)
      --rounds       how often each case has its turn; the table shows medians (3)
      --folder       where data folders are made; it must lie on the disk to be measured (/tmp)
      --reads        reads beside intake, instead of the table
      --json         where the numbers go (bench.json)
      --cases        which to run: a bare-nio, b os, c fsync, d bulk, L fsync at 16 connections,
                     p many plugins at a start, and one switched on
    """

  /// Nil when only help was asked for.
  init?(_ arguments: ArraySlice<String>) throws {
    var rest = arguments
    while let flag = rest.popFirst() {
      if flag == "--help" || flag == "-h" {
        print(Self.help)
        return nil
      }
      guard let value = rest.popFirst() else { throw HarnessError("\(flag) needs a value") }
      try apply(flag, value)
    }
  }

  private mutating func apply(_ flag: String, _ value: String) throws {
    switch flag {
    case "--seconds": seconds = try Self.number(flag, value)
    case "--rounds": rounds = try Self.number(flag, value)
    case "--connections": connections = try Self.number(flag, value)
    case "--bulk-connections": bulkConnections = try Self.number(flag, value)
    case "--folder": folder = value
    case "--reads": onlyReads = true
    case "--json": jsonPath = value
    case "--scripts": scripts = value
    case "--cases":
      measuresPlugins = value.contains("p")
      cases = try value.filter { $0 != "p" }.map { letter in
        guard let known = Case(rawValue: letter) else { throw HarnessError("no case \(letter)") }
        return known
      }
    default: throw HarnessError("unknown option \(flag)\n\(Self.help)")
    }
  }

  private static func number(_ flag: String, _ value: String) throws -> Int {
    guard let number = Int(value), number > 0 else {
      throw HarnessError("\(flag) needs a number above 0, not \(value)")
    }
    return number
  }
}

/// One line of the table.
enum Case: Character, CaseIterable {
  case bareNIO = "a"
  case os = "b"
  case fsync = "c"
  case bulk = "d"
  case latency = "L"
  case paced = "p"

  var title: String {
    switch self {
    case .bareNIO: "(a) bare-nio"
    case .os: "(b) /i os"
    case .fsync: "(c) /i fsync"
    case .bulk: "(d) /i/bulk 100"
    case .latency: "    /i fsync, 16 conn."
    case .paced: "    /i fsync, paced"
    }
  }

  var durability: String { self == .os ? "os" : "fsync" }
  var script: String {
    switch self {
    case .bulk: "bulk.lua"
    case .paced: "paced.lua"
    default: "single.lua"
    }
  }
  var itemsPerRequest: Double { self == .bulk ? 100 : 1 }
}
