import ArgumentParser
import Foundation

/// `tally plugin new`
struct PluginNewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Make a folder with a plugin that builds and passes its test at once.",
    discussion: """
      The folder holds a small complete plugin to change, a Makefile and a script of requests. It \
      builds against this installation of Tally and needs no network.
      """)

  @Option(help: "The language: c, swift or rust.")
  var lang: PluginTemplate.Language

  @Argument(help: "The plugin's name: a-z, 0-9 and -, beginning with a letter.")
  var name: String

  @Option(
    help: ArgumentHelp("The folder to make it in (default: the working folder).", valueName: "dir"))
  var at = "."

  @Option(
    help: ArgumentHelp(
      "The installation to build against (default: the one this program belongs to).",
      valueName: "dir"))
  var kit: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let template = try PluginTemplate(lang, kit: try AuthorKit(folder: kit))
    let folder = try template.make(name, in: at)
    let tally = template.kit.program
    if json {
      try Console.write(json: ["name": name, "folder": folder, "language": lang.rawValue])
    } else {
      Console.write(
        """
        made \(folder)

          cd \(folder)
          make test
          \(tally) plugin dev
        """)
    }
  }
}

extension PluginTemplate.Language: ExpressibleByArgument {}
