import ArgumentParser
import Foundation

/// `tally plugin dev`
struct PluginDevCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dev",
    abstract: "Build a plugin at every change of its sources and hand it to the server.",
    discussion: """
      Runs `make` in the plugin's folder and puts the library where the server looks for plugins; a \
      running server takes the new code over. Ends with Ctrl-C.
      """)

  @Argument(
    help: ArgumentHelp("The plugin's folder (default: the working folder).", valueName: "dir"))
  var folder = "."

  @Option(
    help: ArgumentHelp(
      "The server's folder of plugins (default: plugins/ of this installation).", valueName: "dir"))
  var into: String?

  @Flag(help: "Run the plugin's tests, too, before it is handed over.")
  var test = false

  @Flag(help: "Build and hand over once.")
  var once = false

  func run() throws {
    let session = try PluginDevelopment(
      folder: folder, into: into ?? AuthorKit.besideProgram + "/plugins", withTests: test)
    if once {
      guard try session.build() else { throw ExitCode.failure }
      return
    }
    Console.write("watching \(session.folder); Ctrl-C ends")
    try session.watch()
  }
}
