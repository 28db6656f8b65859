import Foundation

/// What an installation has for authors of plugins: `include/tally_plugin.h`, and below
/// `share/tally` the sources of PluginKit and the examples.
struct AuthorKit {
  /// The installation's folder, absolute.
  let folder: String

  /// The installation this program belongs to: `<folder>/bin/tally`.
  static var besideProgram: String {
    (PluginLocator().programFolder as NSString).deletingLastPathComponent
  }

  /// `folder` nil: the installation of this program.
  init(folder: String?) throws(CommandError) {
    let path = URL(filePath: folder ?? Self.besideProgram).standardizedFileURL.path
    for part in ["include/tally_plugin.h", "share/tally/examples"]
    where !FileManager.default.fileExists(atPath: "\(path)/\(part)") {
      throw CommandError(
        .invalidArgument,
        "\(path) has no author's kit (\(part) is missing); run `make build` in Tally's sources, "
          + "then dist/bin/tally, or name an installation with --kit")
    }
    self.folder = path
  }

  var examples: String { folder + "/share/tally/examples" }
  var program: String { folder + "/bin/tally" }
}
