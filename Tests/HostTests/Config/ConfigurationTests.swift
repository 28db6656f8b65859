import Foundation
import Testing

@testable import Host

@Suite struct ConfigurationTests {
  /// A folder of this test, removed with it.
  private final class Folder {
    let path = NSTemporaryDirectory() + "tally-config-\(UUID().uuidString)"

    init() throws {
      try FileManager.default.createDirectory(
        atPath: path + "/etc", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
      try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
    }

    func inputs(cores: Int = 2) -> Configuration.Inputs {
      Configuration.Inputs(workingFolder: path, cores: cores)
    }
  }

  @Test("Without a file everything is a default and no plugin is named")
  func defaults() throws {
    let folder = try Folder()
    let configuration = try Configuration.load(folder.inputs())
    #expect(configuration.file == nil)
    #expect(configuration.plugins == nil)
    #expect(configuration.host.listen.description == "127.0.0.1:8080")
    #expect(configuration.host.data == folder.path + "/data")
    #expect(configuration.host.durability == .fsync)
    #expect(HostSetting.table.allSatisfy { configuration.source(of: $0) == .standard })
  }

  @Test("One core is left to the writers", arguments: [(1, 1), (2, 1), (8, 7), (500, 64)])
  func eventLoops(cores: Int, loops: Int) throws {
    #expect(try Configuration.load(Folder().inputs(cores: cores)).host.eventLoops == loops)
  }

  @Test("A flag wins over the environment, that over the file, that over the default")
  func precedence() throws {
    let folder = try Folder()
    try folder.write("plugins.yaml", "host: { listen: \"f:1\", durability: os, event_loops: 3 }\n")
    var inputs = folder.inputs()
    #expect(try Configuration.load(inputs).host.listen.host == "f")
    inputs.environment = ["TALLY_LISTEN": "e:2", "TALLY_EVENT_LOOPS": "4"]
    #expect(try Configuration.load(inputs).host.listen.host == "e")
    inputs.flags["--listen"] = "c:3"
    let configuration = try Configuration.load(inputs)
    #expect(configuration.host.listen.host == "c")
    #expect(configuration.host.eventLoops == 4)
    #expect(configuration.host.durability == .os)
    #expect(configuration.sources["listen"] == .flag("--listen"))
    #expect(configuration.sources["event_loops"] == .environment("TALLY_EVENT_LOOPS"))
    #expect(configuration.sources["durability"]?.description == "plugins.yaml:1:36")
    #expect(configuration.sources["data"] == nil)
  }

  @Test("A relative path counts from where it is written")
  func paths() throws {
    let folder = try Folder()
    try folder.write("etc/t.yaml", "host: { data: ./store }\nplugins: { views: { path: v.so } }\n")
    var inputs = folder.inputs()
    inputs.file = "etc/t.yaml"
    let configuration = try Configuration.load(inputs)
    #expect(configuration.file == "etc/t.yaml")
    #expect(configuration.host.data == folder.path + "/etc/store")
    #expect(configuration.plugins?.first?.path == folder.path + "/etc/v.so")
    inputs.flags["--data"] = "here"
    #expect(try Configuration.load(inputs).host.data == folder.path + "/here")
    inputs.flags["--data"] = "/there"
    #expect(try Configuration.load(inputs).host.data == "/there")
  }

  @Test("A file that is named must exist, by flag or by variable")
  func missingFile() throws {
    var inputs = try Folder().inputs()
    inputs.environment["TALLY_CONFIG"] = "gone.yaml"
    let error = #expect(throws: ConfigurationError.self) { try Configuration.load(inputs) }
    #expect(
      error?.description
        == "gone.yaml: no such file; name an existing one with --config or leave it out")
  }

  @Test(
    "A value is refused with its source, what it must be and what it is",
    arguments: [
      ("listen", "8080", "host.listen must be HOST:PORT such as 127.0.0.1:8080, have \"8080\""),
      (
        "listen", "a:70000",
        "host.listen must be HOST:PORT such as 127.0.0.1:8080, have \"a:70000\""
      ),
      ("durability", "sync", "host.durability must be fsync or os, have \"sync\""),
      ("event_loops", "0", "host.event_loops must be a whole number from 1 to 64, have \"0\""),
      ("event_loops", "two", "host.event_loops must be a whole number from 1 to 64, have \"two\""),
      ("event_loops", "1.0", "host.event_loops must be a whole number from 1 to 64, have \"1.0\""),
    ])
  func refusals(key: String, text: String, message: String) throws {
    let folder = try Folder()
    try folder.write("plugins.yaml", "host:\n  \(key): \"\(text)\"\n")
    let inFile = #expect(throws: ConfigurationError.self) {
      try Configuration.load(folder.inputs())
    }
    #expect(inFile?.description == "plugins.yaml:2:\(key.count + 5): \(message)")
    var inputs = try Folder().inputs()
    inputs.environment["TALLY_\(key.uppercased())"] = text
    let inEnvironment = #expect(throws: ConfigurationError.self) { try Configuration.load(inputs) }
    #expect(inEnvironment?.description == "TALLY_\(key.uppercased()): \(message)")
  }

  @Test("Every limit is read from the file into its own place")
  func everyLimit() throws {
    let folder = try Folder()
    let standard = HostSettings(cores: 2)
    let limits = HostSetting.table.filter { $0.name.hasPrefix("limits.") }
    let lists = limits.filter { Int($0.show(standard)) == nil }
    #expect(lists.map(\.name) == ["limits.raw_retention_days_by_app"])
    let numbers = limits.filter { Int($0.show(standard)) != nil }
    #expect(numbers.count == 28)
    for setting in numbers {
      let given = try #require(Int(setting.show(standard))) + 1
      try folder.write("plugins.yaml", "host: { limits: { \(setting.key): \(given) } }\n")
      let host = try Configuration.load(folder.inputs()).host
      let changed = HostSetting.table.filter { $0.show(host) != $0.show(standard) }
      #expect(changed.map(\.name).filter { $0 != "data" } == [setting.name])
      #expect(setting.show(host) == String(given))
    }
  }

  @Test("Every setting stands in the operator's table with its default")
  func documented() throws {
    let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let table = try String(
      contentsOf: root.appending(path: "docs/operating.md"), encoding: .utf8)
    let standard = HostSettings(cores: 2)
    for setting in HostSetting.table where !["data", "event_loops"].contains(setting.name) {
      let row = "| `\(setting.name)` | \(setting.show(standard)) | \(setting.help) |"
      #expect(table.contains(row), "docs/operating.md lacks: \(row)")
    }
  }

  @Test("Names in the environment are unique")
  func environmentNames() {
    let names = HostSetting.table.map(\.environmentName)
    #expect(Set(names).count == names.count)
  }

  @Test("A variable that means nothing is shown, not refused")
  func unknownVariables() throws {
    var inputs = try Folder().inputs()
    inputs.environment = ["TALLY_PORT": "tcp://10.0.0.1:80", "TALLY_DATA": "d", "HOME": "/"]
    #expect(try Configuration.load(inputs).unknownVariables == ["TALLY_PORT"])
  }

  @Test("The explanation shows each value and where it came from")
  func explanation() throws {
    let folder = try Folder()
    try folder.write(
      "plugins.yaml", "host:\n  durability: os\nplugins:\n  views: { enabled: false, a_max: 7 }\n")
    var inputs = folder.inputs()
    inputs.flags["--listen"] = "c:3"
    let configuration = try Configuration.load(inputs)
    let rows = configuration.hostRows + configuration.disabledRows
    let lines = Configuration.aligned(rows).split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    #expect(lines.contains { $0.starts(with: ["host.listen", "c:3", "--listen"]) })
    #expect(lines.contains { $0.starts(with: ["host.durability", "os", "plugins.yaml:2:15"]) })
    #expect(
      lines.contains { $0.starts(with: ["host.limits.bulk_items_max", "10000", "default"]) })
    #expect(lines.contains(["plugins.views.enabled", "false", "plugins.yaml:4:3"]))
    #expect(
      lines.contains {
        $0.starts(with: ["plugins.views.a_max", "(not", "shown)", "plugins.yaml:4:28"])
      })
  }
}
