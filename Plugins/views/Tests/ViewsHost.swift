import FakeHost
import PluginKit
import Testing

@testable import Builtins
@testable import Views

/// A host in which views runs behind the built-ins it hears of.
func viewsHost() -> FakeHost {
  let host = FakeHost()
  for entry in Builtins.entries(withFaultPoint: false) where entry.name != "events" {
    if let table = entry.entry() { #expect(host.start(table) == nil) }
  }
  #expect(host.start(tallyPluginViews()) == nil)
  return host
}

/// Under which a view's numbers stand.
func subject(of name: String) -> String {
  let hex = String(Text.with(name) { ViewReader.id(of: $0) }, radix: 16)
  return String(repeating: "0", count: 16 - hex.count) + hex
}
