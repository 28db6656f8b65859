import class Foundation.NSLock
import PluginKit
import Synchronization

private let entry = PluginEntry(FetchPlugin.self) { FetchPlugin.create($0, $1, $2) }

@c(tally_plugin_fetch)
public func tallyPluginFetch() -> PluginTable { entry.table }

let fetch: PluginEntryFunction = { tallyPluginFetch() }

/// Sends the requests its question names.
struct FetchPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "fetch", version: "1.0.0", summary: "Tries outgoing requests.")

  /// How requests that were begun ended.
  static let ended = Mutex<[String]>([])
  /// Held by a test that looks at `ended`, which is one for all.
  static let watching = NSLock()

  private let client: HTTPClient

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    client = try HTTPClient(host)
    try registrar.read(method: "fetch")
  }

  func answer(_ request: borrowing PluginKit.Request, _ reply: borrowing Reply) throws {
    let body = request["body"].map(String.init)
    var wanted = HTTPClient.Request(
      body == nil ? "GET" : "POST", String(request["url"] ?? ""),
      fields: [("X-Test", String(request["field"] ?? "yes"))], body: Array((body ?? "").utf8))
    wanted.redirectsMax = UInt32(String(request["redirects"] ?? "0")) ?? 0
    wanted.timeoutMs = UInt32(String(request["timeout"] ?? "5000")) ?? 0
    wanted.answerBytesMax = UInt64(String(request["max"] ?? "0")) ?? 0
    do {
      if request["begin"] != nil {
        let id = try client.start(wanted) { result in
          Self.ended.withLock { $0.append(Self.text(result)) }
        }
        if request["cancel"] != nil { client.cancel(id) }
        return reply.write("begun")
      }
      let answer = try client.send(wanted)
      Text.with("\(answer.version) \(answer["x-kind"] ?? "")") { reply.write($0) }
      reply.write(" ")
      reply.number(Int64(answer.status))
      reply.write(" ")
      answer.body.withUnsafeBytes { reply.write(Text($0.baseAddress, count: min($0.count, 200))) }
    } catch let error as PluginError {
      let text = "\(error.code): \(error.message)"
      Text.with(text) { reply.write($0) }
    }
  }

  private static func text(_ result: Result<HTTPClient.Answer, PluginError>) -> String {
    switch result {
    case .success(let answer): "\(answer.status) \(answer.text)"
    case .failure(let error): "\(error.code): \(error.message)"
    }
  }
}
