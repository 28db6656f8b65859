import ArgumentParser
import Foundation
import PluginRuntime
import Store

/// `tally plugin`
struct PluginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin",
    abstract: "Make, check and list plugins, switch them on and off, load their new code.",
    discussion: """
      The file is the truth: enable and disable edit plugins.yaml, comments and all, and a running \
      server follows it.
      """,
    subcommands: [
      PluginNewCommand.self, PluginTestCommand.self, PluginCheckCommand.self,
      PluginDevCommand.self, PluginListCommand.self, PluginInfoCommand.self,
      PluginOrderCommand.self, PluginEnableCommand.self, PluginDisableCommand.self,
      PluginReloadCommand.self,
    ])
}

/// `tally plugin enable`
struct PluginEnableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Switch a plugin on, in plugins.yaml.")

  @OptionGroup var options: ConfigurationOptions

  @Argument(help: "The plugin's name.")
  var name: String

  @Option(
    help: ArgumentHelp(
      "Where it begins: beginning, now, or a day such as 2026-11-01 (UTC). Without it, a plugin "
        + "that ran before goes on where it was, and a new one begins with what comes next.",
      valueName: "start"))
  var from: String?

  @Flag(
    help: "With --from beginning or a day: drop what the plugin has counted, and count it again.")
  var forget = false

  func run() throws {
    let edit = try PluginEdit(options)
    try edit.check(name, enabled: true)
    if let from {
      let restart = try PluginRestart(plugin: name, from: from, forget: forget)
      let position = try restart.perform(edit.configuration.host)
      Console.write("\(name) goes on behind position \(position)")
    } else if forget {
      throw CommandError(.invalidArgument, "--forget needs --from beginning or --from DAY")
    }
    try edit.set(name, enabled: true)
  }
}

/// `tally plugin disable`
struct PluginDisableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable",
    abstract: "Switch a plugin off, in plugins.yaml.",
    discussion: """
      What it has counted stays. Enabled again, it first sees the requests it missed, as far as \
      raw retention reaches.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Argument(help: "The plugin's name.")
  var name: String

  func run() throws {
    try PluginEdit(options).set(name, enabled: false)
  }
}

/// `tally plugin reload`
struct PluginReloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload",
    abstract: "Have the running server read plugins.yaml and the code of plugins at once.",
    discussion: """
      The server does so by itself when one of these files changes. This also tries again what \
      failed or was rolled back, and tells what became of it.
      """)

  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let folder = try options.load().host.data
    guard let reply = try ControlClient.ask(PluginRequest.reloading(), folder: folder) else {
      throw CommandError(
        .control, "no server runs on \(folder); name its folder with --data, or start it")
    }
    PluginRequest.show(try reply.get())
  }
}
