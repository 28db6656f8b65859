import Foundation
import Logging
import PluginRuntime
import PluginTestKit
import Store

extension PluginCheck {
  static let loadID = "load.entry"

  /// What loading and the descriptor say.
  static let loadingChecks: [PluginCheck] = [
    PluginCheck(loadID, "loads, and its entry answers a valid table") { subject in
      try withProbe(subject) { probe in
        [.note("\(probe.manifest.name) \(probe.manifest.version)")]
      }
    },
    PluginCheck("load.constant", "the entry answers the same at every call") { subject in
      try withProbe(subject) { probe in
        probe.entryIsConstant(calls: 10)
          ? [] : [.failure("ten calls of the entry gave different tables; make it constant")]
      }
    },
    PluginCheck("load.descriptor", "the descriptor is complete") { subject in
      try withProbe(subject) { judge($0.manifest) }
    },
    PluginCheck("load.settings", "takes every setting at its limits") { try settings($0) },
  ]

  /// Runs `body` with the library, loaded into a store of its own.
  static func withProbe<T>(
    _ subject: Subject, given: [GivenSetting] = [], _ body: (LifecycleProbe) throws -> T
  ) throws -> T {
    let folder = try TestFolder()
    let store = try Store.open(directory: folder.path)
    let names = TestNames()
    let services = HostTable.Services(
      log: Logger(label: "check") { _ in SwiftLogNoOpLogHandler() },
      productVersion: Product.version, intern: names.declare)
    let probe = try LifecycleProbe(
      path: subject.path, name: subject.name, given: given, services: services,
      store: store.workingSet())
    return try withExtendedLifetime(folder) { try body(probe) }
  }

  private static func judge(_ manifest: Manifest) -> [Finding] {
    var found: [Finding] = []
    let version = /\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?/
    if manifest.version.wholeMatch(of: version) == nil {
      found.append(.failure("version \"\(manifest.version)\" is not semantic; write 1.0.0"))
    }
    if manifest.summary.isEmpty || manifest.summary.contains("\n") {
      found.append(.failure("summary must be one sentence; it is shown in every list of plugins"))
    }
    for setting in manifest.settings {
      if setting.name.wholeMatch(of: /[a-z][a-z0-9_]*/) == nil {
        found.append(.failure("setting \"\(setting.name)\": write a-z, 0-9 and _, the unit last"))
      }
      if setting.help.isEmpty {
        found.append(
          .failure("setting \(setting.name) has no help; it is the operator's only text"))
      }
    }
    let names = manifest.settings.map(\.name)
    for name in Set(names) where names.filter({ $0 == name }).count > 1 {
      found.append(.failure("setting \(name) is declared twice"))
    }
    return found
  }

  /// What an operator may write must work.
  private static func settings(_ subject: Subject) throws -> [Finding] {
    let definitions = try withProbe(subject) { $0.manifest.settings }
    var found: [Finding] = [.note("\(definitions.count) settings")]
    for definition in definitions {
      for text in values(of: definition) {
        subject.trace("start with \(definition.name): \(text.prefix(40))")
        let given = GivenSetting(name: definition.name, text: text, place: "check")
        do {
          try withProbe(subject, given: [given]) { $0.end(try $0.start()) }
        } catch let error as PluginError where definition.kind != .string {
          found.append(
            .failure(
              "\(definition.name): \(text) is in the declared range and refused: \(error.message)"))
        } catch let error as PluginError {
          if error.message.contains("no reason given") {
            found.append(
              .failure("\(definition.name): \"\(text.prefix(40))\" is refused without a reason"))
          }
        }
      }
    }
    return found
  }

  private static func values(of definition: SettingDefinition) -> [String] {
    switch definition.kind {
    case .bool: return ["true", "false"]
    case .string: return ["", "x", String(repeating: "é", count: 5_000), "a\"b\\c\n"]
    case .int:
      guard let range = definition.range else { return ["0", "-1", "9223372036854775807"] }
      return ["\(Int64(range.lowerBound))", "\(Int64(range.upperBound))"]
    case .double:
      guard let range = definition.range else { return ["0", "-1e300", "1e300"] }
      return ["\(range.lowerBound)", "\(range.upperBound)"]
    }
  }
}
