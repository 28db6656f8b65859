import Testing

@Suite struct PluginFolderTests {
  @Test("Every plugin folder has its parts and is named where plugins are named")
  func parts() throws {
    let manifest = try Repository.text("Package.swift")
    let configuration = try Repository.text("plugins.yaml")
    let plugins = Repository.folders(in: "Plugins")
    #expect(!plugins.isEmpty)
    for plugin in plugins {
      for part in ["README.md", "Sources", "Tests"] {
        #expect(Repository.exists("Plugins/\(plugin)/\(part)"), "Plugins/\(plugin)/\(part)")
      }
      #expect(manifest.contains("folder: \"\(plugin)\""), "Package.swift does not build \(plugin)")
      #expect(configuration.contains("  \(plugin):"), "plugins.yaml does not name \(plugin)")
    }
  }
}
