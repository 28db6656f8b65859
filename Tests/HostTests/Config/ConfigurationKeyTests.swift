import Foundation
import Testing

@testable import Host

@Suite struct ConfigurationKeyTests {
  @Test("Every row is in a namespace, has a name of its own and a default that it takes itself")
  func table() throws {
    let table = ConfigurationKey.table
    #expect(Set(table.map(\.path)).count == table.count)
    for key in table {
      #expect(ConfigurationKey.spaces.contains(key.space), "\(key.path)")
      #expect(key.help.hasSuffix(".") && !key.help.isEmpty, "\(key.path)")
      if key.setting == nil { #expect(try key.value(key.standard) == key.standard, "\(key.path)") }
      if let name = key.hostSetting {
        #expect(HostSetting.table.contains { $0.name == name }, "\(key.path)")
      }
    }
  }

  @Test("Every row stands in the operator's table")
  func documented() throws {
    let path = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().pathComponents
      .dropLast(4).joined(separator: "/")
    let text = try String(contentsOfFile: "\(path)/docs/operating.md", encoding: .utf8)
    for key in ConfigurationKey.table {
      let standard = key.setting.map { "`\($0.plugin).\($0.name)`" } ?? key.standard.text ?? ""
      let row = "| `\(key.path)` | \(standard.replacing("\n", with: "\\n")) |"
      #expect(text.contains(row), "docs/operating.md lacks: \(row) … \(key.help)")
      #expect(text.contains("| \(key.help) |"), "docs/operating.md lacks: \(key.help)")
    }
  }

  @Test(
    "A number is read from the digits a text begins with, else it is 0; a text takes numbers",
    arguments: [
      (.string("7x"), 7), (.string("-2"), -2), (.string(" 4"), 4), (.string("x"), 0),
      (.double(2.9), 2), (.bool(true), 0), (.double(1e300), 0), (.int(5), 5),
    ] as [(ReportValue, Int64)])
  func kinds(given: ReportValue, number: Int64) {
    #expect(ReportValue.int(1).takingKind(given) == .int(number))
    #expect(ReportValue.string("").takingKind(.int(5)) == .string("5"))
    #expect(ReportValue.bool(false).takingKind(.string("true")) == .bool(true))
    #expect(ReportValue.bool(true).takingKind(.string("no")) == .bool(false))
  }

  private func configuration(_ file: String) throws -> Configuration {
    let folder = NSTemporaryDirectory() + "tally-keys-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try file.write(toFile: folder + "/plugins.yaml", atomically: true, encoding: .utf8)
    return try Configuration.load(.init(workingFolder: folder, cores: 2))
  }

  @Test("What plugins.yaml gives wins over what is kept, that over the default, and each says so")
  func precedence() throws {
    let kept: [ConfigurationValues.Line] = [
      ("frontend", "session_timeout", "5"), ("security", "login_tries", "4"),
      ("security", "login_wait", "0"), ("security", "gone", "1"),
    ]
    func rows(_ file: String) throws -> [String: [String]] {
      let rows = ConfigurationValues(try configuration(file), kept: kept).rows
      return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], Array($0[1...2])) })
    }
    let given = try rows("host: { limits: { session_minutes: 9 } }\n")
    #expect(
      given["configs.frontend.session_timeout"]
        == ["9", "host.limits.session_minutes (plugins.yaml:1:36)"])
    let bare = try rows("host: { }\n")
    #expect(bare["configs.frontend.session_timeout"] == ["5", "/i/configs"])
    #expect(bare["configs.security.login_tries"] == ["4", "/i/configs"])
    #expect(bare["configs.security.login_wait"] == ["300", "default"], "0 is out of its range")
  }

  @Test("An order is told apart, or refused with the name of what is wrong")
  func order() throws {
    let order = try ConfigurationOrder([
      "api": ["session_cooldown": .int(3)], "views": ["views_max": .int(4)],
      "security": ["login_tries": .string("5"), "login_wait": .null],
    ])
    #expect(
      order.plugins
        == ["sessions": ["session_cooldown_s": .int(3)], "views": ["views_max": .int(4)]])
    #expect(order.kept == ["security": ["login_tries": .int(5), "login_wait": .null]])
    func refusal(
      _ changes: ConfigurationOrder.Changes, _ scope: ConfigurationKey.Scope? = nil
    ) -> String {
      do throws(PluginManager.Refusal) {
        _ = try ConfigurationOrder(changes, scope: scope)
        return ""
      } catch { return error.message }
    }
    #expect(refusal(["security": ["login_tryes": .int(5)]]).contains("mean \"login_tries\"?"))
    #expect(refusal(["security": ["login_tries": .int(0)]]).contains("from 1 to 1000, have 0"))
    #expect(refusal(["apps": ["country": .string("germany")]]).contains("have \"germany\""))
    #expect(refusal(["security": ["login_tries": .int(5)]], .app).contains("same for all apps"))
    #expect(refusal(["security": ["login_tries": .int(5)]], .member).contains("no member"))
    #expect(refusal(["api": ["country_data": .bool(false)]], .app) == "")
  }
}
