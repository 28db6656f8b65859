import CSeccomp
import Foundation
import PluginRuntime

/// The program `tally-runner`: one plugin in a process of its own, started by the server.
@main struct Runner {
  static func main() {
    let parts = RunnerProgram.Parts(
      lockDown: { () throws(PluginError) in try SystemCallFilter().install() },
      nameOfCall: SystemCallFilter.name)
    guard let program = RunnerProgram(CommandLine.arguments, parts: parts) else {
      exit(EX_USAGE)
    }
    program.run()
  }
}
