import Foundation
import Logging
import PluginRuntime
import Store

/// Changes plugins.yaml on behalf of the management API. The file is the one truth: what is written
/// here is what the server follows, now and at the next start.
final class PluginManager: Sendable {
  /// Whether what runs is what the file says.
  enum Progress: String, Sendable {
    case completed
    case busy
    case failed
  }

  /// What the API is told when it asks for something that cannot be.
  struct Refusal: Error, Equatable {
    let message: String
  }

  private let core: Core
  private let supervisor: PluginSupervisor
  private let locator = PluginLocator()
  /// One change at a time.
  private let changing = NSLock()

  init(core: Core, supervisor: PluginSupervisor) {
    self.core = core
    self.supervisor = supervisor
  }

  // MARK: Switching

  /// Turns plugins on and off in the file; the server follows it at once, on another thread.
  func turn(_ plugins: [String: Bool], by member: Member) throws {
    try changing.withLock {
      let configuration = try read()
      for name in plugins.keys.sorted() {
        try checkSwitch(name, plugins[name] == true, configuration)
      }
      try edit(by: member) { text, staged in
        var editor = PluginsFileEditor(text: text, staged: staged)
        for (name, isOn) in plugins.sorted(by: { $0.key < $1.key }) {
          try editor.turn(name, on: isOn)
        }
        return editor.result
      }
      let changes = plugins.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      core.log.info(
        "plugins are changed",
        metadata: ["plugins": "\(changes.joined(separator: " "))", "member": "\(member.username)"])
    }
  }

  private func checkSwitch(
    _ name: String, _ isOn: Bool, _ configuration: Configuration
  ) throws {
    if configuration.isSafe {
      throw Refusal(message: "the server runs with --safe; restart it without")
    }
    if let reason = locator.refusal(ofTurning: name, on: isOn, in: configuration) {
      throw Refusal(message: reason)
    }
  }

  // MARK: Settings

  /// Writes settings into the file, after they were checked, and has the server follow. By plugin
  /// and name; null takes a setting back to its default. With `app` only that app's own values
  /// change. All of it or nothing.
  func configure(
    _ changes: [String: [String: ReportValue]], app: String?, by member: Member
  ) throws {
    try changing.withLock {
      let configuration = try read()
      for (plugin, values) in changes {
        try check(plugin, values, app: app, configuration)
      }
      try edit(by: member) { text, staged in
        var editor = PluginsFileEditor(text: text, staged: staged)
        for (plugin, values) in changes.sorted(by: { $0.key < $1.key }) {
          for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            try editor.set(name, of: plugin, app: app, to: value.text)
          }
        }
        return editor.result
      }
      let names = changes.sorted { $0.key < $1.key }.flatMap { plugin, values in
        values.keys.sorted().map { "\(plugin).\($0)" }
      }
      core.log.info(
        "settings are changed",
        metadata: [
          "settings": "\(names.joined(separator: " "))", "app": "\(app ?? "all")",
          "member": "\(member.username)",
        ])
      do throws(CommandError) { try supervisor.reload(again: false) } catch {
        throw Refusal(message: error.description)
      }
    }
  }

  private func check(
    _ plugin: String, _ values: [String: ReportValue], app: String?, _ configuration: Configuration
  ) throws {
    guard let instance = core.runtime.instances.first(where: { $0.name == plugin }) else {
      let known = core.runtime.instances.map(\.name)
      throw Refusal(
        message: "no plugin \"\(plugin)\" runs"
          + NearestName.hint(for: plugin, among: known, called: "plugins"))
    }
    for name in values.keys.sorted() {
      let stronger = configuration.overrides[plugin]?.last { $0.name == name && $0.app == app }
      if let stronger {
        throw Refusal(
          message: "\(plugin).\(name) is set by \(stronger.place), which wins over plugins.yaml; "
            + "change it there")
      }
    }
    let given = values.sorted { $0.key < $1.key }.map { name, value in
      let standard = instance.manifest.settings.first { $0.name == name }?.defaultText ?? ""
      return GivenSetting(
        name: name, text: value.text ?? standard, place: "configs.\(plugin).\(name)", app: app)
    }
    do throws(PluginError) {
      _ = try Settings(
        manifest: instance.manifest, given: given, nearest: PluginConfiguration.nearest)
    } catch {
      throw Refusal(message: error.message)
    }
  }

  // MARK: The file

  private func read() throws -> Configuration {
    guard let inputs = core.configuration.inputs else {
      throw Refusal(message: "the configuration was not read from anywhere")
    }
    do throws(ConfigurationError) { return try Configuration.load(inputs) } catch {
      throw Refusal(message: error.description)
    }
  }

  /// Replaces the file by what `body` makes of it, in one step.
  private func edit(
    by member: Member, _ body: (_ text: String, _ staged: [String]) throws -> String
  ) throws {
    guard let path = core.configuration.inputs?.watchedPath else {
      throw Refusal(message: "the configuration was not read from anywhere")
    }
    let staged = locator.enabled(in: Configuration(host: core.configuration.host)).map(\.name)
    do {
      let text = try PluginEdit.text(of: path)
      let edited = try body(text, staged)
      guard edited != text else { return }
      // A file that no start would take is not written.
      _ = try ConfigurationFile(bytes: Array(edited.utf8), path: "plugins.yaml")
      supervisor.announce(edited, by: .member(member))
      try PluginEdit.replace(path, with: edited)
    } catch let error as ConfigurationError {
      throw Refusal(message: error.description)
    } catch let error as CommandError {
      throw Refusal(message: error.description)
    }
  }

  // MARK: Progress

  /// Compares what runs with what the file says.
  var progress: Progress {
    guard supervisor.refusal == nil, let configuration = try? read() else { return .failed }
    var isBusy = false
    let statuses = core.lifecycle.statuses
    for plugin in core.plugins.plugins(of: configuration) {
      let status = statuses.first { $0.name == plugin.name }
      switch (plugin.isEnabled, status?.state) {
      case (true, .refused?), (true, .failed?), (true, .quarantined?): return .failed
      case (true, .running?):
        if status?.reason != nil { return .failed }
        if !isCurrent(plugin) { isBusy = true }
      case (false, .disabled?), (false, nil): continue
      default: isBusy = true
      }
    }
    return isBusy ? .busy : .completed
  }

  /// Whether a running plugin has the settings of the file.
  private func isCurrent(_ plugin: Lifecycle.Plugin) -> Bool {
    guard let instance = core.runtime.instances.first(where: { $0.name == plugin.name }),
      let wanted = try? Settings(
        manifest: instance.manifest, given: plugin.settings, nearest: PluginConfiguration.nearest)
    else { return false }
    return instance.settings == wanted
  }
}
