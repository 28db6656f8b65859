import Foundation

/// Switches a plugin in plugins.yaml and has a running server follow.
struct PluginEdit {
  let configuration: Configuration
  private let inputs: Configuration.Inputs

  init(_ options: ConfigurationOptions) throws {
    configuration = try options.load()
    guard let inputs = configuration.inputs else {
      throw CommandError(.system, "the configuration was not read from anywhere")
    }
    self.inputs = inputs
  }

  private var dataFolder: String { configuration.host.data }

  /// Throws when there is no such plugin to switch.
  func check(_ name: String, enabled: Bool) throws(CommandError) {
    let reason = PluginLocator().refusal(ofTurning: name, on: enabled, in: configuration)
    if let reason { throw CommandError(.invalidArgument, reason) }
  }

  /// Edits the file when it says something else, then asks the server.
  func set(_ name: String, enabled: Bool) throws {
    let path = inputs.watchedPath
    let locator = PluginLocator()
    try check(name, enabled: enabled)
    let staged = locator.enabled(in: Configuration(host: configuration.host)).map(\.name)
    let text = try Self.text(of: path)
    var editor = PluginsFileEditor(text: text, staged: staged)
    try editor.turn(name, on: enabled)
    let edited = editor.result
    if edited != text {
      let command = "tally plugin \(enabled ? "enable" : "disable") \(name)"
      _ = try ControlClient.ask(
        PluginRequest.announceRequest(edited, command: command), folder: dataFolder)
      try Self.replace(path, with: edited)
      Console.write("\(path): \(name) is \(enabled ? "enabled" : "disabled")")
    } else {
      Console.write("\(path): \(name) was \(enabled ? "enabled" : "disabled") already")
    }
    let request = PluginRequest.reloading(name)
    guard let reply = try ControlClient.ask(request, folder: dataFolder) else {
      Console.write("no server runs on \(dataFolder); the next start follows the file")
      return
    }
    let states = try reply.get()
    Console.write("\(name): \(states[name] ?? "not named in the file")")
    if enabled, states[name]?.hasPrefix("running") != true {
      throw CommandError(.invalidArgument, "\(name) is enabled and does not run")
    }
  }

  /// What the file says; empty when there is none.
  static func text(of path: String) throws(CommandError) -> String {
    guard FileManager.default.fileExists(atPath: path) else { return "" }
    guard let data = FileManager.default.contents(atPath: path),
      let text = String(validating: data, as: UTF8.self)
    else { throw CommandError(.system, "\(path) cannot be read as UTF-8") }
    return text
  }

  /// Through a synced file beside it, so that nobody ever reads half of it. A link stays a link.
  static func replace(_ path: String, with text: String) throws(CommandError) {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let temporary = target + ".tally-new"
    var info = stat()
    let mode = stat(target, &info) == 0 ? info.st_mode & 0o7777 : 0o644
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw .system("\(temporary) cannot be written", errno: errno) }
    let bytes = Array(text.utf8)
    let written = SystemCall.retrying { write(descriptor, bytes, bytes.count) }
    let isSynced = written == bytes.count && fchmod(descriptor, mode) == 0 && fsync(descriptor) == 0
    let code = errno
    close(descriptor)
    guard isSynced, rename(temporary, target) == 0 else {
      unlink(temporary)
      throw .system("\(target) cannot be replaced", errno: isSynced ? errno : code)
    }
  }
}
