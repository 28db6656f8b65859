import PluginKit

private let entry = PluginEntry(ProbePlugin.self) { ProbePlugin.create($0, $1, $2) }

@c(tally_plugin_probe)
public func tallyPluginProbe() -> PluginTable { entry.table }

/// Does what the parameter `probe` says, so that tests see what the kit makes of it.
struct ProbePlugin: Plugin {
  static let descriptor = Descriptor(
    name: "probe", version: "1.0.0", summary: "Tries the kit.",
    settings: [
      .bool("flag", default: false, help: "A flag."),
      .string("text", default: "", help: "A text."),
      .double("ratio", default: 0.5, in: 0...1, help: "A number."),
      .int("collections", default: 0, in: 0...9, help: "How many collections."),
    ])

  private let probes: Metric
  private let probe: Key
  private let collections: [Collection]
  private let settings: String

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    probe = try host.intern("probe")
    probes = try registrar.metric("probes", measures: [.sum("t")])
    var collections: [Collection] = []
    for place in 0..<(try host.int("collections")) {
      collections.append(try registrar.collection("c\(place)", documentLimit: 10))
    }
    self.collections = collections
    settings = "\(try host.bool("flag")) \(try host.string("text")) \(try host.double("ratio"))"
    try registrar.hook()
    try registrar.read(method: "probe")
    try registrar.read(path: "/o/probe")
  }

  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) throws {
    for item in batch {
      let wish = item.root[probe]?.text ?? ""
      if wish == "throw" { throw PluginError(.limit, "three are too many") }
      if wish == "count" { effects.count(item, probes.series(), 1) }
      for collection in collections where wish == "emit" {
        effects.emit(item, collection, key: "k", Text("x").bytes)
      }
    }
  }

  func reduce(_ collection: Collection, _ fold: borrowing Fold) {
    var bytes = Array(fold.document)
    if bytes.isEmpty, let place = collections.firstIndex(of: collection) {
      bytes = Array("\(place):".utf8)
    }
    for place in 0..<fold.count { bytes += Array(fold[place]) }
    bytes.withUnsafeBytes { fold.put($0) }
  }

  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    guard request.path == "/o/probe" else { throw PluginError(.failed, "ask for a path") }
    if request["flag"] != nil { return reply.string(settings) }
    reply.write("[")
    for (place, collection) in collections.enumerated() {
      if place > 0 { reply.write(",") }
      let document = try request.get(collection, key: "k")
      reply.string(Text(document?.baseAddress, count: document?.count ?? 0))
    }
    reply.write("]")
  }
}
